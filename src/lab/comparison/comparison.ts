// Groups runs for comparison: per task, STL, MTL-XC and MTL-LS at each slicing rate, with the same model and settings.
import type { Split } from '../../data/corpus/corpus.ts';
import type { PackedCounts } from '../../metrics/scores/packedCounts.ts';
import type { SplitScores } from '../../metrics/scores/spanScore.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import {
  readsOthers,
  isJoint,
  isSliced,
  METHODS,
  traitsOf,
  type Method,
  type RateSearch,
} from '../../schema/methods.ts';
import type { RunRecord, RunSpec, RunStatus, Slicing, TaskRef } from '../../schema/runRecord.ts';
import { canonicalJson, fingerprint } from '../../util/digest.ts';

/** The splits that are scored. */
export type ScoredSplit = Exclude<Split, 'train'>;

/** Lenient scores in percent, as in the paper's tables. */
export interface Measures {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** One training run of a method (a seed and a round) from the point of view of one task. */
export interface Training {
  readonly runId: string;
  /** Index of the task in the run. */
  readonly index: number;
  readonly seed: number;
  readonly round: number;
  readonly status: RunStatus;
  /** Scores of the selected snapshot; null until the run has finished and for an empty split. */
  readonly devel: Measures | null;
  readonly test: Measures | null;
  /** What the selected snapshot found in each test sentence; null in records of earlier versions. */
  readonly testCounts: PackedCounts | null;
  /** Epoch of the selected snapshot; null until the run has finished. */
  readonly selectedEpoch: number | null;
  /** How its slicing rate is searched; absent where every rate is trained. */
  readonly search?: RateSearch;
  /** All saved snapshots, oldest first. */
  readonly snapshots: readonly {
    readonly epoch: number;
    readonly devel: Measures | null;
    readonly test: Measures | null;
  }[];
  /** Devel F1 after each epoch so far. */
  readonly curve: readonly { readonly epoch: number; readonly f1: number }[];
}

/** A method at one slicing rate, with all its training runs. */
export interface Variant {
  readonly method: Method;
  /** Number of layers taken from MTL-XC; null unless MTL-LS. */
  readonly layers: number | null;
  /** `layers / n` (paper, slicingRate); null when the model's number of layers is unknown. */
  readonly rate: number | null;
  readonly trainings: readonly Training[];
}

export interface TaskComparison {
  readonly task: TaskRef;
  /** STL, MTL-XC, then MTL-LS by increasing number of shared layers; variants without runs are omitted. */
  readonly variants: readonly Variant[];
}

/** Comparable runs: same model, settings, category and kind of slicing. */
export interface Comparison {
  /** First 16 hex digits of the fingerprint of what its runs have in common: the same in every lab. */
  readonly id: string;
  /** Null for tasks that were trained by STL alone. */
  readonly category: RunSpec['category'];
  readonly model: RunSpec['model'];
  /** Settings of the first training; rounds differ only in epochs. */
  readonly config: TrainingConfig;
  readonly slicing: Pick<Slicing, 'biases' | 'frozen'> | null;
  readonly tasks: readonly TaskComparison[];
}

interface Group {
  readonly category: RunSpec['category'];
  readonly first: RunSpec;
  readonly settings: string;
  /** Key of the MTL-XC run's tasks; null when that run is not in the pool. */
  readonly members: string | null;
  readonly runs: RunRecord[];
}

/** Identifies a task independently of its corpus' name. */
export function taskKey({ corpus, type }: TaskRef): string {
  return JSON.stringify([corpus.fingerprint, type]);
}

/** Identifies a set of tasks independently of their order. */
export function membersKey(tasks: readonly TaskRef[]): string {
  return canonicalJson(tasks.map(taskKey).sort());
}

/**
 * Builds every comparison that the runs allow, those with the most variants first. STL runs belong to no category, so they join the
 * multi-task runs of every category with their task. Of CollaboNet's turns the last counts. `layersOf` returns a model's number of layers by its id.
 */
export function buildComparisons(
  known: readonly RunRecord[],
  layersOf: (modelId: string) => number | undefined,
): readonly Comparison[] {
  const byId = new Map(known.map((record) => [record.spec.id, record.spec]));
  const pool = known.filter(isLastTurn(known));
  const configPrint = fingerprintsOfFew();
  const settingsOf = (spec: RunSpec): string => {
    const start = spec.round === 0 || spec.parent === null ? spec : (byId.get(spec.parent) ?? spec);
    return `${spec.model.id} ${configPrint(start.config)}`;
  };
  const single = pool.filter(({ spec }) => traitsOf(spec.method).kind === 'single');
  const sliced = groupsOf(
    pool.filter(({ spec }) => isSliced(spec.method)),
    byId,
    settingsOf,
  );
  const shared = groupsOf(
    pool.filter(({ spec }) => isJoint(spec.method) || readsOthers(spec.method)),
    byId,
    settingsOf,
  );
  const used = new Set<string>();
  const comparisons: Comparison[] = [];

  const compare = (group: Group, others: readonly RunRecord[]): void => {
    const runs = [...group.runs, ...others];
    const tasks = distinctTasks(runs);
    const keys = new Set(tasks.map(taskKey));
    const alone = single.filter(
      ({ spec }) => settingsOf(spec) === group.settings && spec.tasks.every((task) => keys.has(taskKey(task))),
    );
    for (const { spec } of [...others, ...alone]) used.add(spec.id);
    comparisons.push(comparisonOf(group, tasks, [...runs, ...alone], layersOf, byId));
  };
  for (const group of sliced) {
    const relatives = shared.filter((other) => other.settings === group.settings && isSameCategory(group, other));
    compare(
      group,
      relatives.flatMap(({ runs }) => runs),
    );
  }
  for (const group of shared) {
    if (!group.runs.some(({ spec }) => used.has(spec.id))) compare(group, []);
  }
  const alone = single.filter(({ spec }) => !used.has(spec.id));
  for (const group of groupsOf(alone, byId, settingsOf)) {
    comparisons.push(comparisonOf(group, distinctTasks(group.runs), group.runs, layersOf, byId));
  }
  const breadth = ({ tasks }: Comparison): number => Math.max(...tasks.map(({ variants }) => variants.length));
  return comparisons.sort((left, right) => breadth(right) - breadth(left));
}

/** Whether no later turn of CollaboNet starts from a run. */
function isLastTurn(pool: readonly RunRecord[]): (record: RunRecord) => boolean {
  const earlier = new Set(pool.flatMap(({ spec }) => (spec.round === 0 && (spec.collaboration?.turn ?? 1) > 1 ? [spec.parent] : []))); // prettier-ignore
  return ({ spec }) => !earlier.has(spec.id);
}

/** Fingerprints thousands of values of which few differ: computed once for each way of writing one. */
function fingerprintsOfFew(): (value: unknown) => string {
  const known = new Map<string, string>();
  return (value) => {
    const written = JSON.stringify(value);
    const found = known.get(written) ?? fingerprint(value);
    known.set(written, found);
    return found;
  };
}

/** Groups runs by settings, category and kind of slicing. */
function groupsOf(
  runs: readonly RunRecord[],
  byId: ReadonlyMap<string, RunSpec>,
  settingsOf: (spec: RunSpec) => string,
): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const record of runs) {
    const { spec } = record;
    const settings = settingsOf(spec);
    const members = membersOf(spec, byId);
    const { category, slicing } = spec;
    const key = JSON.stringify([
      settings,
      category?.name,
      category?.typeName,
      members,
      slicing?.biases,
      slicing?.frozen,
    ]);
    const group = groups.get(key) ?? { category, first: spec, settings, members, runs: [] };
    group.runs.push(record);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Runs between a round of MTL-LS and the MTL-XC it descends from. A longer line, which no plan makes, may be a cycle. */
const LONGEST_LINE = 2;

/** Finds the MTL-XC run that a run is or descends from; null for STL or if unknown. */
export function sharedRun(spec: RunSpec, byId: ReadonlyMap<string, RunSpec>): RunSpec | null {
  let current: RunSpec | undefined = spec;
  for (let generation = 0; generation <= LONGEST_LINE && current !== undefined; generation++) {
    if (isJoint(current.method)) return current;
    current = current.parent === null ? undefined : byId.get(current.parent);
  }
  return null;
}

/** Key of the tasks that the run's MTL-XC was trained on; of a run that reads others, of its task and theirs. */
export function membersOf(spec: RunSpec, byId: ReadonlyMap<string, RunSpec>): string | null {
  if (spec.collaboration !== undefined) {
    const read = spec.collaboration.helpers.map((id) => byId.get(id)?.tasks);
    return membersKey([...spec.tasks, ...read.flatMap((tasks) => tasks ?? [])]);
  }
  const shared = sharedRun(spec, byId);
  return shared && membersKey(shared.tasks);
}

function isSameCategory(left: Group, right: Group): boolean {
  const named = canonicalJson(left.category) === canonicalJson(right.category);
  return named && (left.members === null || left.members === right.members);
}

function distinctTasks(runs: readonly RunRecord[]): readonly TaskRef[] {
  const tasks = new Map(runs.flatMap(({ spec }) => spec.tasks).map((task) => [taskKey(task), task]));
  return [...tasks.values()].sort((left, right) => compareTexts(nameOf(left), nameOf(right)));
}

function comparisonOf(
  { category, first, settings, members }: Group,
  tasks: readonly TaskRef[],
  runs: readonly RunRecord[],
  layersOf: (modelId: string) => number | undefined,
  byId: ReadonlyMap<string, RunSpec>,
): Comparison {
  const start = first.round === 0 || first.parent === null ? first : (byId.get(first.parent) ?? first);
  const slicing = first.slicing === null ? null : { biases: first.slicing.biases, frozen: first.slicing.frozen };
  return {
    id: fingerprint([settings, category, members, slicing]).slice(0, 16),
    category,
    model: first.model,
    config: start.config,
    slicing,
    tasks: tasks.map((task) => ({ task, variants: variantsOf(task, runs, layersOf(first.model.id)) })),
  };
}

function variantsOf(task: TaskRef, runs: readonly RunRecord[], layerCount: number | undefined): readonly Variant[] {
  const key = taskKey(task);
  const variants = new Map<
    string,
    { readonly method: Method; readonly layers: number | null; readonly trainings: Training[] }
  >();
  for (const record of runs) {
    const index = record.spec.tasks.findIndex((own) => taskKey(own) === key);
    if (index < 0) continue;
    const { method } = record.spec;
    const layers = record.spec.slicing?.layers ?? null;
    const id = `${method}/${layers ?? ''}`;
    const variant = variants.get(id) ?? { method, layers, trainings: [] };
    variant.trainings.push(trainingOf(record, index));
    variants.set(id, variant);
  }
  return [...variants.values()]
    .map((variant) => ({
      ...variant,
      rate: variant.layers === null || layerCount === undefined ? null : variant.layers / layerCount,
      trainings: variant.trainings.sort((left, right) => left.seed - right.seed || left.round - right.round),
    }))
    .sort(compareVariants);
}

/** Orders variants by method, sliced ones by their number of shared layers. */
export function compareVariants(
  left: Pick<Variant, 'method' | 'layers'>,
  right: Pick<Variant, 'method' | 'layers'>,
): number {
  return METHODS.indexOf(left.method) - METHODS.indexOf(right.method) || (left.layers ?? 0) - (right.layers ?? 0);
}

function trainingOf({ spec, status, snapshots, selectedEpoch, epochs, search }: RunRecord, index: number): Training {
  const scored = snapshots.map(({ epoch, devel, test }) => ({
    epoch,
    devel: measuresOf(devel[index]),
    test: measuresOf(test[index]),
  }));
  const selected = scored.find(({ epoch }) => epoch === selectedEpoch);
  return {
    runId: spec.id,
    index,
    seed: spec.seed,
    round: spec.round,
    status,
    devel: selected?.devel ?? null,
    test: selected?.test ?? null,
    testCounts: snapshots.find(({ epoch }) => epoch === selectedEpoch)?.testCounts?.[index] ?? null,
    selectedEpoch,
    ...(search !== undefined && { search }),
    snapshots: scored,
    /** Computed when a chart asks for it: a table of thousands of runs does not. */
    get curve() {
      return epochs.flatMap(({ epoch, devel }) => {
        const f1 = devel[index]?.lenient.overall.f1;
        return f1 === undefined ? [] : [{ epoch, f1 }];
      });
    },
  };
}

function measuresOf(scores: SplitScores | null | undefined): Measures | null {
  if (scores == null) return null;
  const { precision, recall, f1 } = scores.lenient.overall;
  return { precision, recall, f1 };
}

function nameOf({ corpus, type }: TaskRef): string {
  return `${corpus.name} ${type ?? ''}`;
}

function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
