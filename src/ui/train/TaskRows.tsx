// Edits the tasks of a plan, each a corpus with one or all of its types.
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { PlanTask } from '../../schema/planFile.ts';
import { Field } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { taskOfCorpus } from './planDraft.ts';
import type { ReadTask } from './readPlanDraft.ts';

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
