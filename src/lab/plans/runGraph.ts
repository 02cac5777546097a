// Builds the graph of a plan's runs, what each starts from and costs, and refuses plans that no machine can run.
import { shareOfCount } from '../../data/corpus/corpus.ts';
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import {
  isCollaborating,
  isMerging,
  readsOthers,
  isSliced,
  jointMethods,
  mergedTypeName,
  trainsSingle,
  traitsOf,
} from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/resultFile.ts';
import { neededRuns, type RunCost, type RunGraph, type RunNode } from '../../schema/runLineage.ts';
import type { RunRecord, RunSpec } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import type { PredictedTime } from '../../wire/trainingProtocol.ts';

interface GraphLibrary {
  readonly corpora: readonly CorpusRecord[];
  readonly models: readonly ModelRecord[];
}

/**
 * Builds the graph of `specs` (parents first) with the state of known runs. A corpus or model that is not in the library counts as empty.
 * The head, a few thousand parameters, is not counted.
 */
export function runGraph(specs: readonly RunSpec[], library: GraphLibrary, known: readonly RunRecord[]): RunGraph {
  const records = new Map(known.map((record) => [record.spec.id, record]));
  const needs = new Map([...known.map(({ spec }) => spec), ...specs].map((spec) => [spec.id, neededRuns(spec)]));
  const nodes = specs.map((spec): RunNode => {
    const record = records.get(spec.id);
    const cost = runCost(spec, library);
    const isReused = record?.status === 'finished';
    const steps = record !== undefined && record.totalSteps > 0 ? record.totalSteps : cost.steps;
    return {
      spec,
      status: record?.status ?? 'new',
      isReused,
      ancestors: ancestorsOf(spec.id, needs),
      cost,
      stepsLeft: isReused ? 0 : Math.max(0, steps - (record?.step ?? 0)),
    };
  });
  const left = nodes.filter(({ isReused }) => !isReused);
  const sum = (of: (node: RunNode) => number): number => left.reduce((total, node) => total + of(node), 0);
  return {
    nodes,
    runsLeft: left.length,
    stepsLeft: sum(({ stepsLeft }) => stepsLeft),
    scoredLeft: sum(({ cost }) => cost.scoredSequences),
    storageBytes:
      sum(({ cost }) => cost.snapshotBytes) + left.reduce((most, { cost }) => Math.max(most, cost.resumeBytes), 0),
    isUpperBound: left.some(({ spec: { config } }) => config.steps === null && mayHaveFewer(config)),
  };
}

/** Whether there may be fewer training sequences than training sentences. */
function mayHaveFewer({ layout, leaveOut }: TrainingConfig): boolean {
  return layout === 'packed' || leaveOut !== undefined;
}

/** A forward pass costs about a third of an update on the same sequences. */
const SCORING_SHARE = 1 / 3;

/** Estimates the remaining runs' time in milliseconds from that of one update of `batchSize` sequences. */
export function remainingMs({ stepsLeft, scoredLeft }: RunGraph, stepMs: number, batchSize: number): number {
  return stepMs * (stepsLeft + (SCORING_SHARE * scoredLeft) / batchSize);
}

/** Estimates a whole run's time in the same way. */
export function wholeRunMs({ cost, spec }: Pick<RunNode, 'cost' | 'spec'>, stepMs: number): number {
  return stepMs * (cost.steps + (SCORING_SHARE * cost.scoredSequences) / spec.config.batchSize);
}

/** Names what a run's time depends on: its data, its model, its settings, and the layers that are not trained. */
function costKey({ method, tasks, category, model, config, slicing }: RunSpec): string {
  const frozen = slicing?.frozen === true ? slicing.layers : 0;
  const named = tasks.map(({ corpus, type }) => [corpus.id, type]);
  return JSON.stringify([mergedTypeName({ method, category }), traitsOf(method).asks, named, model.id, config, frozen]);
}

/** A training session asks in parts, so that other calls are answered in between. */
const ASKED_AT_ONCE = 4;

type Predict = (specs: readonly RunSpec[]) => Promise<readonly (PredictedTime | null)[] | null>;

/** The share of a run that is left. */
function shareLeft({ cost, stepsLeft }: RunNode): number {
  return cost.steps === 0 ? 0 : Math.min(1, stepsLeft / cost.steps);
}

/** Returns the milliseconds that the unfinished runs of a graph will take; null if that of one of them is not known. */
export async function planTime({ nodes }: RunGraph, predict: Predict): Promise<number | null> {
  const left = nodes.filter(({ isReused }) => !isReused);
  const specs = new Map<string, RunSpec>();
  for (const { spec } of left) if (!specs.has(costKey(spec))) specs.set(costKey(spec), spec);
  const times = new Map<string, number>();
  const asked = [...specs];
  for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
    const part = asked.slice(from, from + ASKED_AT_ONCE);
    const predicted = await predict(part.map(([, spec]) => spec));
    for (const [index, [key]] of part.entries()) {
      const time = predicted?.[index] ?? null;
      if (time === null) return null;
      times.set(key, time.totalMs);
    }
  }
  return left.reduce((sum, node) => sum + (times.get(costKey(node.spec)) ?? 0) * shareLeft(node), 0);
}

/** Estimates what one run costs, from the counts of its corpora and the size of its model. */
export function runCost(spec: RunSpec, { corpora, models }: GraphLibrary): RunCost {
  const { config } = spec;
  const sequencesPerEpoch = spec.tasks.reduce((total, { corpus }) => {
    const counts = corpora.find(({ id }) => id === corpus.id)?.counts;
    const devel = config.trainOn === 'train+devel' ? (counts?.devel.sentences ?? 0) : 0;
    const whole = (counts?.train.sentences ?? 0) + devel;
    return total + (config.trainShare === undefined ? whole : shareOfCount(whole, config.trainShare));
  }, 0);
  const stepsPerEpoch = Math.ceil(sequencesPerEpoch / config.batchSize);
  const steps = config.steps ?? stepsPerEpoch * config.epochs;
  const epochs = stepsPerEpoch === 0 ? 0 : Math.ceil(steps / stepsPerEpoch);
  const model = models.find(({ id }) => id === spec.model.id);
  const parameterBytes = model === undefined ? 0 : 4 * savedParameters(model, config);
  return {
    sequencesPerEpoch,
    stepsPerEpoch,
    steps,
    scoredSequences: spec.tasks.reduce((total, { corpus }) => {
      const counts = corpora.find(({ id }) => id === corpus.id)?.counts;
      const devel = config.trainOn === 'train+devel' ? 0 : (counts?.devel.sentences ?? 0);
      return total + epochs * devel + Math.min(config.snapshots, epochs) * (counts?.test.sentences ?? 0);
    }, 0),
    snapshotBytes: Math.min(config.snapshots, epochs) * parameterBytes,
    resumeBytes: 2 * 3 * parameterBytes,
  };
}

/** Parameters in a snapshot: all of the model's, or the adapters alone; a head has few. Feed-forward layers are taken to be four times as wide. */
function savedParameters(
  { parameterCount, layers, hiddenSize }: GraphLibrary['models'][number],
  { adapters }: TrainingConfig,
): number {
  if (adapters === undefined) return parameterCount;
  // Sums of inputs and outputs, in widths: queries and values, or those with keys, output and both layers of the feed-forward block.
  const widths = adapters.projections === 'query-value' ? 4 : 18;
  return layers * adapters.rank * widths * hiddenSize;
}

/** Ids of the runs that a run needs, the one it starts from before those it reads, nearest first, up to unknown ones. */
function ancestorsOf(runId: string, needs: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = new Set<string>();
  let next = [...(needs.get(runId) ?? [])];
  while (next.length > 0) {
    const fresh = next.filter((id) => id !== runId && !found.has(id));
    for (const id of fresh) found.add(id);
    next = fresh.flatMap((id) => needs.get(id) ?? []);
  }
  return [...found];
}

/** Approximate pieces per token of biomedical text (1.3 with the built-in vocabulary on NCBI-disease, 2 with XLNet's). */
const PIECES_PER_TOKEN = 1.5;
/** Special tokens of a sequence. */
const SPECIALS = 2;

/** The update by which a plan's time is measured: its model, its settings, and the typical sequence length in pieces. */
interface TypicalStep {
  readonly modelId: string;
  readonly config: TrainingConfig;
  readonly pieces: number;
  /** The most taggers of other tasks that a run of the plan reads; absent without them. */
  readonly helpers?: number;
}

/** Takes a plan's runs in order, with all their corpora present. Throws LabError `plan/empty` without runs. */
export function typicalStep(specs: readonly RunSpec[], corpora: readonly CorpusRecord[]): TypicalStep {
  const [first] = specs;
  if (first === undefined) throw new LabError('plan/empty', 'A plan needs at least one run.');
  const { config, model } = first;
  const used = new Set(specs.flatMap(({ tasks }) => tasks.map(({ corpus }) => corpus.id)));
  const counts = corpora.filter(({ id }) => used.has(id)).map((corpus) => corpus.counts.train);
  const sentences = counts.reduce((total, split) => total + split.sentences, 0);
  const tokens = counts.reduce((total, split) => total + split.tokens, 0);
  const sentencePieces = Math.ceil((PIECES_PER_TOKEN * tokens) / Math.max(1, sentences)) + SPECIALS;
  const pieces = config.layout === 'packed' ? config.maxPieces : Math.min(config.maxPieces, sentencePieces);
  const read = specs.filter(({ method }) => isCollaborating(method));
  const helpers = Math.max(0, ...read.map(({ collaboration }) => collaboration?.helpers.length ?? 0));
  return { modelId: model.id, config, pieces, ...(helpers > 0 && { helpers }) };
}

// Refuses plans that no machine can run, naming the limit, and lists slicing rates that come to the same number of layers.

/** Far beyond any plan that ends: a run of as many steps takes months at a hundred a second. */
const MOST = {
  categories: 1000,
  tasks: 1000,
  seeds: 1000,
  slicingRates: 1000,
  runs: 10_000,
  steps: 100_000_000,
  stepsOfPlan: 1_000_000_000,
} as const;

/** Checks what a plan file says by itself. Throws LabError `plan/too-large`. */
export function assertPlanSize({ categories, seeds, slicingRates, config }: PlanFile): void {
  assertAtMost(MOST.categories, categories.length, 'categories');
  for (const { name, tasks } of categories) assertAtMost(MOST.tasks, tasks.length, `tasks in the category ${name}`);
  assertAtMost(MOST.seeds, seeds.length, 'seeds');
  assertAtMost(MOST.slicingRates, slicingRates.length, 'slicing rates');
  assertAtMost(MOST.steps, config.steps ?? 0, 'steps of a run');
}

/** Checks how many runs a plan has before they are made; `slicings` is the number of slicings that differ. Throws LabError `plan/too-large`. */
export function assertRunCount({ methods, categories, seeds, rounds, turns = 1 }: PlanFile, slicings: number): void {
  const trainings = 1 + rounds.count;
  const perSeed = categories.reduce((sum, { tasks, typeName }) => {
    const alone = trainsSingle(methods) ? tasks.length * (methods.includes('STL') ? trainings : 1) : 0;
    const collaborating = methods.filter(isCollaborating).length * (turns - 1 + trainings);
    const single = alone + tasks.length * (collaborating + methods.filter(isMerging).length * trainings);
    if (typeName === null) return sum + single;
    const shared = sumOf(jointMethods(methods).map((joint) => (methods.includes(joint) ? trainings : 1)));
    const sliced = methods.filter(isSliced).length * tasks.length * slicings * trainings;
    return sum + single + shared + sliced;
  }, 0);
  assertAtMost(MOST.runs, perSeed * seeds.length, 'runs (methods, tasks, slicing rates, rounds and seeds)');
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/**
 * Throws LabError `plan/collaboration` where taggers should read one another whose networks cannot, and `plan/few-tasks` for a category
 * without another task to read.
 */
export function assertCollaboration({ methods, categories }: PlanFile, { name, family }: ModelRecord): void {
  const reading = methods.find(readsOthers);
  const alone = categories.find(({ typeName, tasks }) => typeName !== null && tasks.length < 2);
  if (reading !== undefined && alone !== undefined) {
    throw new LabError('plan/few-tasks', `${reading} puts the tasks of a category together: ${alone.name} has one.`, {
      expected: 'at least two tasks',
      got: '1',
    });
  }
  const method = methods.find(isCollaborating);
  if (method === undefined || factsOf(family).collaborates === true) return;
  throw new LabError('plan/collaboration', `${method} is a method for BiLSTMs, which read one another’s states.`, {
    expected: `a network of words of the BiLSTM form (Library → Models, or bioner baseline), or a plan without ${method}`,
    got: `${name}, ${factsOf(family).article} ${factsOf(family).name}`,
  });
}

/** Checks the steps of runs on their corpora. Throws LabError `plan/too-large`. */
export function assertSteps(
  specs: readonly RunSpec[],
  library: { readonly corpora: readonly CorpusRecord[]; readonly models: readonly ModelRecord[] },
): void {
  let total = 0;
  for (const spec of specs) {
    const { steps } = runCost(spec, library);
    assertAtMost(MOST.steps, steps, 'steps of a run');
    total += steps;
  }
  assertAtMost(MOST.stepsOfPlan, total, 'steps of all runs together');
}

function assertAtMost(most: number, count: number, what: string): void {
  if (count <= most) return;
  throw new LabError('plan/too-large', `The plan is larger than any machine can train: too many ${what}.`, {
    expected: `at most ${most} ${what}`,
    got: String(count),
  });
}

/** Number of shared layers at a slicing rate: `rate * layerCount` rounded (paper, `slicingRate = k / n`). */
export function layersAtRate(rate: number, layerCount: number): number {
  return Math.round(rate * layerCount);
}

/** Lists slicing rates that share equally many layers of a model, and so are trained once. */
export function equalRates(
  rates: readonly number[],
  layerCount: number,
): readonly { readonly layers: number; readonly rates: readonly number[] }[] {
  const byLayers = new Map<number, number[]>();
  for (const rate of new Set(rates)) {
    const layers = layersAtRate(rate, layerCount);
    byLayers.set(layers, [...(byLayers.get(layers) ?? []), rate]);
  }
  return [...byLayers].flatMap(([layers, equal]) => (equal.length > 1 ? [{ layers, rates: equal }] : []));
}

/** Describes these rates in a sentence; empty without any. */
export function describeEqualRates(rates: readonly number[], layerCount: number): string {
  const equal = equalRates(rates, layerCount).map(
    (group) => `${shortList(group.rates)} (${group.layers} of ${layerCount} layers)`,
  );
  if (equal.length === 0) return '';
  return `Slicing rates that share equally many layers are trained once: ${equal.join('; ')}.`;
}

const LISTED = 4;

function shortList(rates: readonly number[]): string {
  const listed = rates.slice(0, LISTED).join(', ');
  return rates.length > LISTED ? `${listed} and ${rates.length - LISTED} more` : listed;
}
