// Edits the tasks and categories of a plan, ready-made or custom, and shows what the types of each corpus become.
import { SPLITS } from '../../data/corpus/corpus.ts';
import type { OfferedCategory } from '../../lab/library/categories.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { OwnCategory, PlanCategory, PlanTask } from '../../schema/resultFile.ts';
import { ownValue } from '../../util/validate.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { TypeLabel } from '../parts/SentenceLine.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useLabActions } from '../shared/useLab.ts';
import { taskOfCorpus } from './planDraft.ts';
import type { ReadCategory, ReadPlan, ReadTask } from './readPlanDraft.ts';

/** Shows what the types of each corpus become in a category: their new name, or O, with the number of mentions. */
function TypeMap({ category: { name, typeName, tasks } }: { readonly category: ReadCategory }) {
  const rows = tasks.flatMap(({ found, type }, index) =>
    found === null
      ? []
      : found.types.map((own) => ({ place: index, corpus: found, own, taken: type === null || type === own })),
  );
  const left = rows.filter(({ taken }) => !taken);
  const lost = left.reduce((sum, { corpus, own }) => sum + mentionsOf(corpus, own), 0);
  return (
    <>
      <TableBox label={`Types of ${name}`}>
        <thead>
          <tr>
            <th scope="col">Corpus</th>
            <th scope="col">Type</th>
            <th scope="col" className="number">
              Mentions
            </th>
            <th scope="col">Becomes</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ place: index, corpus, own, taken }) => (
            <tr key={`${index}/${own}`}>
              <th scope="row">{corpus.name}</th>
              <td>
                <TypeLabel type={own} types={corpus.types} />
              </td>
              <td className="number">{format.count(mentionsOf(corpus, own))}</td>
              <td>{taken ? (typeName ?? own) : <span className="problem">O, outside the category</span>}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      {left.length > 0 && (
        <p className="field-help">
          {format.counted(lost, 'mention')} of {format.counted(left.length, 'type')} outside the category are trained as
          O, not as mentions. Choose “all types” of a corpus to include them.
        </p>
      )}
    </>
  );
}

function mentionsOf({ counts }: CorpusRecord, type: string): number {
  return SPLITS.reduce((sum, split) => sum + (ownValue(counts[split].perType, type) ?? 0), 0);
}

interface CategoryFieldsProps {
  readonly read: ReadPlan;
  readonly corpora: readonly CorpusRecord[];
  readonly offered: readonly OfferedCategory[];
  readonly onCategories: (categories: readonly PlanCategory[]) => void;
}

export function CategoryFields({ read, corpora, offered, onCategories }: CategoryFieldsProps) {
  const categories = read.categories.map(categoryOf);
  const problem = read.problems.get('categories');
  return (
    <fieldset className="categories">
      <legend>Categories</legend>
      <p className="field-help">
        MTL-XC, MTL-PL and AIO train the tasks of a category together, and MTL-LS, PL-LS and AIO-LS take their lower
        layers from those models. CollaboNet, Average and TIES start from the models that STL trained on each task.
      </p>
      <AddCategory
        offered={offered.filter(({ category }) => !categories.some(({ name }) => name === category.name))}
        onAdd={(category) => onCategories([...categories.filter(({ tasks }) => tasks.length > 0), category])}
        onBuild={() => onCategories([...categories, emptyCategory(categories, corpora)])}
      />
      <OwnCategories names={offered.flatMap(({ source, category }) => (source === 'own' ? category.name : []))} />
      {problem !== undefined && <p className="field-problem">{problem}</p>}
      {read.categories.map((category, index) => (
        <CategoryEditor
          key={index}
          category={category}
          index={index}
          read={read}
          corpora={corpora}
          onCategory={(next) => onCategories(categories.map((old, at) => (at === index ? next : old)))}
          onRemove={() => onCategories(categories.filter((_, at) => at !== index))}
        />
      ))}
    </fieldset>
  );
}

interface AddCategoryProps {
  readonly offered: readonly OfferedCategory[];
  readonly onAdd: (category: PlanCategory) => void;
  readonly onBuild: () => void;
}

function AddCategory({ offered, onAdd, onBuild }: AddCategoryProps) {
  return (
    <div className="actions">
      <select
        aria-label="Add a ready-made category"
        value=""
        disabled={offered.length === 0}
        onChange={(event) => {
          const found = offered.find(({ category }) => category.name === event.target.value);
          if (found !== undefined) onAdd(found.category);
        }}
      >
        <option value="">add a ready-made category</option>
        {offered.map(({ source, category }) => (
          <option key={`${source}/${category.name}`} value={category.name}>
            {category.name} ({SOURCE_WORDS[source]}, {category.tasks.length} tasks)
          </option>
        ))}
      </select>
      <Button onAct={onBuild}>Build a category</Button>
    </div>
  );
}

/** Lists saved categories with buttons to remove them; plans and runs that use them keep them. */
function OwnCategories({ names }: { readonly names: readonly string[] }) {
  const lab = useLabActions();
  if (names.length === 0) return null;
  return (
    <ul className="own-categories" aria-label="Your categories">
      {names.map((name) => (
        <li key={name}>
          {name}{' '}
          <Button kind="quiet" label={`Remove category ${name}`} onAct={() => lab.removeCategory(name)}>
            Remove
          </Button>
        </li>
      ))}
    </ul>
  );
}

const SOURCE_WORDS: Readonly<Record<OfferedCategory['source'], string>> = {
  sample: 'samples',
  catalogue: 'public corpora',
  own: 'yours',
};

interface CategoryEditorProps {
  readonly category: ReadCategory;
  readonly index: number;
  readonly read: ReadPlan;
  readonly corpora: readonly CorpusRecord[];
  readonly onCategory: (category: PlanCategory) => void;
  readonly onRemove: () => void;
}

function CategoryEditor({ category, index, read, corpora, onCategory, onRemove }: CategoryEditorProps) {
  const lab = useLabActions();
  const plain = categoryOf(category);
  const path = `categories.${index}`;
  const own = savable(plain);
  return (
    <section className="panel category" aria-label={`Category ${category.name}`}>
      <div className="fields">
        <Field label="Category name">
          {(control) => (
            <input
              {...control}
              type="text"
              autoComplete="off"
              value={category.name}
              onChange={(event) => onCategory({ ...plain, name: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="Type name"
          help="Entity type for the mentions of all its tasks in MTL-XC; in MTL-PL and AIO they keep their own."
        >
          {(control) => (
            <input
              {...control}
              type="text"
              autoComplete="off"
              value={category.typeName ?? ''}
              onChange={(event) => onCategory({ ...plain, typeName: event.target.value || null })}
            />
          )}
        </Field>
      </div>
      <TaskRows
        read={category.tasks}
        corpora={corpora}
        of={` of ${category.name}`}
        problemAt={(task) => read.problems.get(task === null ? path : `${path}.tasks.${task}`)}
        onTasks={(tasks) => onCategory({ ...plain, tasks: [...tasks] })}
      />
      <TypeMap category={category} />
      <div className="actions">
        <Button
          disabled={own === null || read.problems.has(path)}
          label={`Save category ${category.name}`}
          onAct={async () => {
            if (own !== null) await lab.saveCategory(own);
          }}
        >
          Save category
        </Button>
        <Button label={`Remove from plan: category ${category.name}`} onAct={onRemove}>
          Remove from plan
        </Button>
      </div>
    </section>
  );
}

function categoryOf({ name, typeName, tasks }: ReadCategory): PlanCategory {
  return {
    name,
    typeName,
    tasks: tasks.flatMap(({ input, type }) => (input === null ? [] : [{ corpus: input, type }])),
  };
}

function savable({ name, typeName, tasks }: PlanCategory): OwnCategory | null {
  const shown = { name: name.trim(), typeName: typeName?.trim() ?? '', tasks };
  return shown.name === '' || shown.typeName === '' || tasks.length === 0 ? null : shown;
}

function emptyCategory(categories: readonly PlanCategory[], corpora: readonly CorpusRecord[]): PlanCategory {
  const names = categories.map(({ name }) => name);
  let number = 1;
  while (names.includes(`category ${number}`)) number++;
  const [first] = corpora;
  return {
    name: `category ${number}`,
    typeName: first?.types[0] ?? null,
    tasks: first === undefined ? [] : [{ ...taskOfCorpus(first), type: first.types[0] ?? null }],
  };
}

// Edits the tasks of a plan, each a corpus with one or all of its types.

type PlanTasks = readonly PlanTask[];

export interface TaskRowsProps {
  readonly read: readonly ReadTask[];
  /** Problems of tasks by index, and of all together under null. */
  readonly problemAt: (place: number | null) => string | undefined;
  /** Category of the tasks, to distinguish the controls of several; empty if there is one. */
  readonly of?: string;
  readonly corpora: readonly CorpusRecord[];
  readonly onTasks: (tasks: PlanTasks) => void;
}

export function TaskRows({ read, problemAt, of = '', corpora, onTasks }: TaskRowsProps) {
  const tasks = read.flatMap(({ input, type }) => (input === null ? [] : [{ corpus: input, type }]));
  const replace = (index: number, task: PlanTasks[number]) =>
    onTasks(tasks.map((old, at) => (at === index ? task : old)));
  const another = corpora[0];
  return (
    <fieldset className="tasks">
      <legend>
        {read.length > 1 ? 'Tasks' : 'Task'}
        {of}
      </legend>
      {read.map((task, index) => (
        <TaskRow
          key={index}
          task={task}
          corpora={corpora}
          path={`${read.length > 1 ? ` ${index + 1}` : ''}${of}`}
          problem={problemAt(index)}
          onTask={(next) => replace(index, next)}
          onRemove={read.length > 1 ? () => onTasks(tasks.filter((_, at) => at !== index)) : null}
        />
      ))}
      {problemAt(null) !== undefined && <p className="field-problem">{problemAt(null)}</p>}
      {another !== undefined && (
        <button type="button" className="link" onClick={() => onTasks([...tasks, nextTask(tasks, another)])}>
          Add another task
        </button>
      )}
    </fieldset>
  );
}

interface TaskRowProps {
  readonly task: ReadTask;
  readonly corpora: readonly CorpusRecord[];
  /** Distinguishes rows in their labels; empty for a single one. */
  readonly path: string;
  readonly problem: string | undefined;
  readonly onTask: (task: PlanTasks[number]) => void;
  readonly onRemove: (() => void) | null;
}

function TaskRow({ task: { found, input, type }, corpora, path, problem, onTask, onRemove }: TaskRowProps) {
  return (
    <div className="task-row">
      <Field label={`Corpus${path}`} problem={problem} help={found === null ? undefined : corpusText(found)}>
        {(control) => (
          <select
            {...control}
            value={found?.id ?? ''}
            onChange={(event) => {
              const next = corpora.find(({ id }) => id === event.target.value);
              if (next !== undefined) onTask(taskOfCorpus(next));
            }}
          >
            {found === null && <option value="">{input?.name ?? 'none yet'}</option>}
            {corpora.map(({ id, name, builtIn }) => (
              <option key={id} value={id}>
                {builtIn ? `${name} (sample)` : name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`Entity type${path}`}>
        {(control) => (
          <select
            {...control}
            value={optionOf(type)}
            onChange={(event) => input !== null && onTask({ corpus: input, type: typeOf(event.target.value) })}
          >
            {typeChoices(found, type).map((choice) => (
              <option key={optionOf(choice)} value={optionOf(choice)}>
                {format.typeName(choice)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {onRemove !== null && (
        <button type="button" className="link task-remove" aria-label={`Remove task${path}`} onClick={onRemove}>
          Remove
        </button>
      )}
    </div>
  );
}

/** Returns one option per type, and one for all types if there are several. */
function typeChoices(corpus: CorpusRecord | null, current: string | null): readonly (string | null)[] {
  const types = corpus?.types ?? [];
  const choices: (string | null)[] = types.length === 1 ? [...types] : [null, ...types];
  return choices.includes(current) ? choices : [current, ...choices];
}

function optionOf(type: string | null): string {
  return type === null ? 'all' : `type:${type}`;
}

function typeOf(option: string): string | null {
  return option === 'all' ? null : option.slice('type:'.length);
}

function nextTask(tasks: PlanTasks, first: CorpusRecord): PlanTasks[number] {
  return tasks.at(-1) ?? taskOfCorpus(first);
}

function corpusText({ counts, issueCount, builtIn }: CorpusRecord): string {
  const { train, devel, test } = counts;
  const sizes = `${format.count(train.sentences)} train, ${format.count(devel.sentences)} devel, ${format.count(test.sentences)} test sentences${builtIn ? ', invented' : ''}`;
  return issueCount === 0 ? sizes : `${sizes}; ${format.counted(issueCount, 'issue')}`;
}
