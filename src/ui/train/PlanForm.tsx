// Edits a plan: tasks, model, seeds, preset and every setting.
import { offeredCategories, type OfferedCategory } from '../../lab/library/categories.ts';
import { presets, type PresetName } from '../../lab/plans/presets.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { areSingle, type Method } from '../../schema/methods.ts';
import type { PlanCategory, PlanFile } from '../../schema/resultFile.ts';
import { Field, NumberField } from '../parts/Field.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { shallow, useLab } from '../shared/useLab.ts';
import { CategoryFields, TaskRows } from './CategoryFields.tsx';
import { FrequentFields, OtherFields, type ConfigFormProps } from './ConfigForm.tsx';
import { MethodFields } from './MethodFields.tsx';
import { PlanSummary } from './PlanSummary.tsx';
import { configFields } from './configFields.ts';
import { draftOfPreset, looseTasks, PRESET_NAMES, settingText, withModel, type PlanDraft } from './planDraft.ts';
import { usePredictedTime } from './planEstimates.ts';
import { readPlanDraft, type ReadPlan } from './readPlanDraft.ts';

/** Returns whether the form edits tasks without categories: only STL, and no named category. */
function isLoose({ methods }: PlanDraft, { categories }: ReadPlan): boolean {
  const [only] = categories;
  return areSingle(methods) && categories.length <= 1 && (only?.typeName ?? null) === null;
}

/** Replaces default loose tasks by the first ready-made category when tasks are first trained together. */
function categoriesFor(
  methods: readonly Method[],
  current: readonly PlanCategory[] | null,
  offered: readonly OfferedCategory[],
): readonly PlanCategory[] | null {
  if (areSingle(methods)) return current;
  if (current === null) {
    const [first] = offered;
    return first === undefined ? null : [first.category];
  }
  return current.map((category) =>
    category.typeName === null
      ? { ...category, name: category.name === 'tasks' ? nameOf(category) : category.name, typeName: typeOf(category) }
      : category,
  );
}

/** Changes the methods of a plan, and its tasks where the new methods need others. */
export function withMethods(
  { categories }: PlanDraft,
  methods: readonly Method[],
  library: Parameters<typeof offeredCategories>[0],
): Pick<PlanDraft, 'methods' | 'categories'> {
  return { methods, categories: categoriesFor(methods, categories, offeredCategories(library)) };
}

/** Suggests the type that most of its tasks have. */
function typeOf({ tasks }: PlanCategory): string | null {
  const types = tasks.flatMap(({ type }) => type ?? []);
  const timesOf = (type: string) => types.filter((other) => other === type).length;
  return types.reduce<string | null>(
    (best, type) => (best === null || timesOf(type) > timesOf(best) ? type : best),
    null,
  );
}

function nameOf(category: PlanCategory): string {
  return typeOf(category)?.toLowerCase() ?? 'category 1';
}

/** What the settings of a preset are, their source, and what it leaves open. */
const PRESET_TEXTS: Readonly<Record<PresetName, string>> = {
  sample:
    'Five epochs for a corpus of a few hundred sentences, like the samples: as Quick look, but with batches of 8 and rate 1e-3, ' +
    'for enough updates.',
  quick:
    'Three epochs for a small encoder: one sentence per sequence, the CRF on first pieces, batches of 32, rate 5e-4. ' +
    'Meant for the built-in model; the rate is far too high for a full-size model.',
  normal:
    'As Quick look, but ten epochs: after three the scores of a small encoder are still rising. The number is a choice, not a result.',
  paper:
    'Chai et al. 2022: rate 3e-5 with linear decay, times 0.9 for each layer below, no warm-up, Adam epsilon 1e-6, label [X] on ' +
    'continuation pieces, start and end states in the CRF; 30 epochs, then three rounds of 30 from their final weights; ' +
    'tasks of a category shuffled together. The paper gives no batch size, sequence length, tag scheme, dropout or clipping: batches of 6 sequences of ' +
    '512 pieces, IOBES and clipping at 1 are those of its code, dropout 0.1 is that of XLNet; text is cased.',
  released:
    'The published code where it differs from the paper: the CRF on first pieces and the closing special tokens, without start ' +
    'and end states; lower-cased text; rate 2e-5; gradients instead of rates scaled by layer; ' +
    "TensorFlow's epsilon; dropout 0.05; no rounds. It stops after 4,500 steps for every corpus; its multi-task runs took " +
    '42 epochs instead: leave the steps empty for that.',
  recurrent:
    'For a BiLSTM that learns from nothing, after Ma and Hovy 2016: batches of 10 sentences, dropout 0.5 before and after the LSTM, ' +
    'clipping at 5, 50 epochs. They train by SGD at rate 0.015 (CollaboNet: Adagrad at 0.01): here it is Adam at 1e-3 with linear decay.',
  collabonet:
    'For the network of CollaboNet, after Yoon et al. 2019: batches of 10 sentences, dropout 0.5 of words and 0.3 after the LSTM, 30 epochs. ' +
    'They train by Adagrad at rate 0.01 on the CRF and on each token by itself: here it is Adam at 1e-3 on the CRF alone.',
  hunflair:
    'For the network of HunFlair, after Weber et al. 2021 and flair: batches of 32, word dropout 0.05, locked dropout 0.5 before the linear map and ' +
    'after the LSTM. They train by SGD at rate 0.1, halved when devel stops rising, for 200 epochs at most: here it is Adam at 1e-3, 100 epochs.',
  windows:
    'For the CNN over windows of words, after Crichton et al. 2017: Adam at rate 1e-4, dropout 0.75 before the output, each token by itself, 20 epochs. ' +
    'Their batches are 200 tokens of any sentences: here they are 10 sentences.',
};

/** Lists every setting in which the presets differ, side by side. */
function PresetTable() {
  const rounds = PRESET_NAMES.map((name) => {
    const { count, epochs } = presets[name].rounds;
    return count === 0 ? 'none' : `${count} × ${epochs} epochs`;
  });
  const rows = [
    ...configFields.map((field) => [
      field.label,
      ...PRESET_NAMES.map((name) => settingText(field, presets[name].config)),
    ]),
    ['Further rounds', ...rounds],
  ].filter(([, first, ...others]) => others.some((text) => text !== first));
  return (
    <details className="fold">
      <summary>Differences between presets</summary>
      <TableBox label="Differences between presets">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            {PRESET_NAMES.map((name) => (
              <th key={name} scope="col">
                {presets[name].label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, ...texts]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {texts.map((text, index) => (
                <td key={index}>{text}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </TableBox>
    </details>
  );
}

interface PlanFormProps {
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

export function PlanForm({ draft, onDraft }: PlanFormProps) {
  const library = useLab(
    ({ corpora, models, assignments, categories }) => ({ corpora, models, assignments, categories }),
    shallow,
  );
  const offered = offeredCategories(library);
  const read = readPlanDraft(draft, library);
  const change = (part: Partial<PlanDraft>) => onDraft({ ...draft, runs: 'name' in part ? draft.runs : null, ...part });
  const choosePreset = (preset: PresetName) => change(draftOfPreset(preset));
  const { found: model, input: wantedModel } = read.model;
  const settings: ConfigFormProps = {
    draft: read.entered,
    model,
    preset: presets[draft.preset].config,
    changed: read.changed,
    problems: read.problems,
    onChange: (path, value) => change({ config: { ...draft.config, [path]: value } }),
  };
  return (
    <section aria-labelledby="plan-title" className="plan">
      <h2 id="plan-title">Plan an experiment</h2>
      <div className="plan-columns">
        <form className="plan-fields" onSubmit={(event) => event.preventDefault()}>
          <MethodFields
            draft={draft}
            read={read}
            onMethods={(methods) => change(withMethods(draft, methods, library))}
            onChange={change}
          />
          {isLoose(draft, read) ? (
            <TaskRows
              read={read.categories[0]?.tasks ?? []}
              problemAt={(task) => read.problems.get(task === null ? 'categories' : `categories.0.tasks.${task}`)}
              corpora={library.corpora}
              onTasks={(tasks) => change({ categories: [looseTasks(tasks)] })}
            />
          ) : (
            <CategoryFields
              read={read}
              corpora={library.corpora}
              offered={offered}
              onCategories={(categories) => change({ categories })}
            />
          )}
          <div className="fields">
            <Field
              label="Model"
              help="Library → Models imports, downloads and makes others."
              problem={read.problems.get('model')}
            >
              {(control) => (
                <select
                  {...control}
                  value={model?.id ?? ''}
                  onChange={(event) => {
                    const next = library.models.find(({ id }) => id === event.target.value);
                    if (next !== undefined) change(withModel(draft, next));
                  }}
                >
                  {model === null && <option value="">{wantedModel?.name ?? 'none yet'}</option>}
                  {library.models.map(({ id, name }) => (
                    <option key={id} value={id}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <NumberField
              label="Seeds"
              help="Each method and task is trained once per seed. Separate seeds by commas."
              problem={read.problems.get('seeds')}
              value={draft.seeds}
              onValue={(seeds) => change({ seeds })}
            />
            <Field label="Plan name" help="Optional; names the exported files.">
              {(control) => (
                <input
                  {...control}
                  type="text"
                  autoComplete="off"
                  value={draft.name}
                  placeholder={draft.name === '' ? (read.plan?.name ?? '') : ''}
                  onChange={(event) => change({ name: event.target.value })}
                />
              )}
            </Field>
          </div>
          <PresetChoice
            preset={draft.preset}
            planOf={(preset) => readPlanDraft({ ...draft, ...draftOfPreset(preset) }, library).plan}
            onChoose={choosePreset}
          />
          <FrequentFields {...settings} />
          <RoundFields draft={draft} read={read} onChange={change} />
          <OtherFields {...settings} />
        </form>
        <PlanSummary read={read} preset={draft.preset} />
      </div>
    </section>
  );
}

function RoundFields({
  draft: { rounds },
  read,
  onChange,
}: {
  readonly draft: PlanDraft;
  readonly read: ReadPlan;
  readonly onChange: (part: Partial<PlanDraft>) => void;
}) {
  return (
    <div className="fields">
      <NumberField
        label="Further rounds"
        help="Additional trainings that start from the weights of the first one. The paper has three; 0 for none."
        problem={read.problems.get('rounds.count')}
        value={rounds.count}
        onValue={(count) => onChange({ rounds: { ...rounds, count } })}
      />
      {rounds.count.trim() !== '0' && (
        <NumberField
          label="Epochs per round"
          help="The paper trains 30."
          problem={read.problems.get('rounds.epochs')}
          value={rounds.epochs}
          onValue={(epochs) => onChange({ rounds: { ...rounds, epochs } })}
        />
      )}
    </div>
  );
}

/** Shows how long a plan takes on this machine. */
function PresetTime({ id, plan }: { readonly id: string; readonly plan: PlanFile | null }) {
  const predicted = usePredictedTime(plan);
  if (plan === null) return null;
  return (
    <span id={id} className="preset-time">
      {predicted === 'predicting' ? 'predicting …' : predicted === null ? 'time not known yet' : roughly(predicted)}
    </span>
  );
}

/** A prediction is no more exact than minutes. */
function roughly(elapsedMs: number): string {
  const seconds = elapsedMs / 1000;
  if (seconds < 55) return `about ${Math.max(5, 5 * Math.round(seconds / 5))} s`;
  const minutes = Math.max(1, Math.round(seconds / 60));
  if (minutes < 60) return `about ${minutes} min`;
  return minutes < 600 ? `about ${Math.floor(minutes / 60)} h ${minutes % 60} min` : `about ${format.count(Math.round(minutes / 60))} h`; // prettier-ignore
}

/** Names what the times are for. */
function machineText({ backend }: Pick<LabState, 'backend'>): string | null {
  if (backend.status !== 'ready') return null;
  const { environment } = backend.report;
  const where = environment.backend === 'webgpu' ? 'GPU' : `processor, ${format.counted(environment.threads, 'thread')}`; // prettier-ignore
  return `Times are predicted for this machine (${where}), the chosen data and the chosen methods.`;
}

function PresetChoice({
  preset,
  planOf,
  onChoose,
}: {
  readonly preset: PresetName;
  /** The plan with another preset. */
  readonly planOf: (preset: PresetName) => PlanFile | null;
  readonly onChoose: (preset: PresetName) => void;
}) {
  const machine = useLab(machineText);
  return (
    <fieldset className="presets">
      <legend>Effort</legend>
      <div className="preset-list">
        {PRESET_NAMES.map((name) => (
          <div key={name} className={`preset${name === preset ? ' chosen' : ''}`}>
            <label>
              <input
                type="radio"
                name="preset"
                checked={name === preset}
                onChange={() => onChoose(name)}
                aria-describedby={`preset-text preset-time-${name}`}
              />
              {presets[name].label}
            </label>
            <PresetTime id={`preset-time-${name}`} plan={planOf(name)} />
          </div>
        ))}
      </div>
      {machine !== null && <p className="field-help">{machine}</p>}
      <p id="preset-text" className="field-help">
        {PRESET_TEXTS[preset]}
      </p>
      <PresetTable />
    </fieldset>
  );
}
