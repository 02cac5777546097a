// Predicts how long a run will take before any of its steps, from this machine's pace and a sample of the run's sentences.
import { shareOfCount, SPLITS, type CorpusSentences, type Sentence } from '../data/corpus/corpus.ts';
import type { PieceTokenizer } from '../data/pieces/pieceModels.ts';
import { lengthBucket } from '../data/pieces/sequences.ts';
import type { Launch, Resident } from '../engine/gpu/recorder.ts';
import { engineMisfit, type ComputeOptions, type EngineHome } from '../engine/network/computeOptions.ts';
import { passWithoutDevice, recordFittingGradients } from '../engine/network/taggerEngine.ts';
import { recordPrediction, recordUpdate } from '../engine/network/taggerPass.ts';
import type { BatchSize } from '../model/blocks/encoderFamily.ts';
import { sizeOf } from '../model/blocks/parameterLocation.ts';
import { encoderShapes, type EncoderConfig } from '../model/families/encoderConfig.ts';
import { adapterShapes, headShapes, isSaved, type TaggerShape } from '../model/parameters.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MachinePace, PacePoint } from '../schema/machineSettings.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import { drain } from '../util/clock.ts';
import type { PredictedTime } from '../wire/trainingProtocol.ts';
import { evaluationBatches, mixedSteps, stepsPerEpoch, type EncodedTasks } from './batches.ts';
import { encodeTasks, type TaskText } from './encodeTasks.ts';
import { isFrozen } from './startWeights.ts';

/** Lengths of a run's sequences, as many as it has, repeated from those of a sample. */
export interface RunLengths {
  /** Of all tasks, one task after the other; `sizes` says how many of each. */
  readonly train: readonly number[];
  readonly sizes: readonly number[];
  /** For each task. */
  readonly devel: readonly (readonly number[])[];
  readonly test: readonly (readonly number[])[];
  readonly shape: TaggerShape;
  /** Comparing training with test text and encoding all of it. */
  readonly encodingMs: number;
}

/** Sentences looked at in all tasks together, and in each split at least. */
const SAMPLE = 1500;
const LEAST_OF_SPLIT = 40;
/** Sentences taken together, so that packed sequences are as in the whole text. */
const BLOCK = 20;

/** Takes blocks of sentences spread evenly over a split. */
export function sampleOf(sentences: readonly Sentence[], wanted: number): readonly Sentence[] {
  if (sentences.length <= wanted) return sentences;
  const blocks = Math.max(1, Math.floor(wanted / BLOCK));
  return Array.from({ length: blocks }, (_, block) => {
    const from = Math.floor((block * (sentences.length - BLOCK)) / Math.max(1, blocks - 1 || 1));
    return sentences.slice(from, from + BLOCK);
  }).flat();
}

const countOf = (texts: readonly CorpusSentences[]): number =>
  texts.reduce((sum, text) => sum + SPLITS.reduce((inner, split) => inner + text[split].length, 0), 0);

/** Encodes a sample of a run's text. Throws as encoding a run does, if the sample has no mentions. */
export async function runLengths(
  texts: readonly TaskText[],
  model: { readonly config: EncoderConfig; readonly tokenizer: PieceTokenizer },
  spec: Pick<RunSpec, 'config' | 'seed'>,
): Promise<RunLengths> {
  const { config } = spec;
  const wanted = Math.max(LEAST_OF_SPLIT, Math.floor(SAMPLE / (SPLITS.length * texts.length)));
  const sampled = texts.map((text) => {
    const { train, devel, test } = text.sentences;
    const sentences = { ...text.sentences, train: sampleOf(train, wanted), devel: sampleOf(devel, wanted), test: sampleOf(test, wanted) }; // prettier-ignore
    return { ...text, sentences };
  });
  const startedAtMs = performance.now();
  const { trainShare: _, ...whole } = config;
  const events = encodeTasks(sampled, model, { ...spec, config: whole }, new AbortController().signal);
  const tasks = await drain(events, () => undefined);
  const encodedMs = performance.now() - startedAtMs;
  const [all, seen] = [countOf(texts.map(({ sentences }) => sentences)), countOf(sampled.map(({ sentences }) => sentences))]; // prettier-ignore
  return lengthsOf(texts, sampled, tasks, config, (encodedMs * all) / Math.max(1, seen));
}

/** Repeats the lengths of a sample until there are as many as `share` of them stand for. */
function repeated(lengths: readonly number[], share: number): readonly number[] {
  const count = Math.round(lengths.length * share);
  return Array.from({ length: count }, (_, index) => lengths[index % lengths.length] as number);
}

function lengthsOf(
  texts: readonly TaskText[],
  sampled: readonly TaskText[],
  tasks: EncodedTasks,
  { trainOn, trainShare }: TrainingConfig,
  encodingMs: number,
): RunLengths {
  const pieces = ({ pieceIds }: { readonly pieceIds: { readonly length: number } }): number => pieceIds.length;
  const ratio = (task: number, splits: readonly (typeof SPLITS)[number][]): number => {
    const count = (text: TaskText | undefined): number =>
      splits.reduce((sum, split) => sum + (text?.sentences[split].length ?? 0), 0);
    const whole = count(texts[task]);
    const used = trainShare === undefined || splits[0] !== 'train' ? whole : shareOfCount(whole, trainShare);
    return used / Math.max(1, count(sampled[task]));
  };
  let from = 0;
  const train = tasks.train.sizes.map((size, task) => {
    const own = tasks.train.sequences.slice(from, from + size).map(pieces);
    from += size;
    return repeated(own, ratio(task, trainOn === 'train' ? ['train'] : ['train', 'devel']));
  });
  const split = (name: 'devel' | 'test') =>
    tasks[name].map(({ sequences }, task) => repeated(sequences.map(pieces), ratio(task, [name])));
  return {
    train: train.flat(),
    sizes: train.map((own) => own.length),
    devel: split('devel'),
    test: split('test'),
    shape: tasks.shape,
    encodingMs,
  };
}

/** Micro-batches of an evaluation batch, see evaluate.ts. */
const EVALUATION_MICRO_BATCHES = 2;
/** Of weights and both moments. */
const SETS = 3;
/** The manifest, the run's record, and predictions of the test text. */
const RECORDS_A_SNAPSHOT = 3;

/** Predicts the time of a whole run; null for an encoder that the engine does not compute. */
export function predictTime(
  { config, seed, slicing }: Pick<RunSpec, 'config' | 'seed' | 'slicing'>,
  lengths: RunLengths,
  modelBytes: number,
  home: EngineHome,
  pace: Pace,
): PredictedTime | null {
  const { shape } = lengths;
  if (engineMisfit(shape.encoder) !== null) return null;
  const onProcessor = 'module' in home;
  const recorded = new Map<string, RecordedStep>();
  const recordedOf = (size: BatchSize): RecordedStep => {
    const key = `${size.size} ${size.pieces}`;
    const known =
      recorded.get(key) ?? recordedStep(shape, config, home.compute, size, (name) => !isFrozen(name, slicing, config));
    recorded.set(key, known);
    return known;
  };
  const beyond = (kind: string, size: BatchSize, launches: number): number =>
    pace.msOf(kind, onProcessor ? size.size * size.pieces : launches);
  const timeOf = new Map<string, number>();
  const once = (key: string, compute: () => number): number => {
    const known = timeOf.get(key) ?? compute();
    timeOf.set(key, known);
    return known;
  };
  let recordingMs = 0;
  const gradientsMs = (size: BatchSize): number =>
    once(`gradients ${size.size} ${size.pieces}`, () => {
      const { gradients } = recordedOf(size);
      recordingMs += pace.msOf(OTHER_WORK.record, gradients.length);
      return pace.launchesMs(gradients) + beyond(OTHER_WORK.step, size, gradients.length);
    });
  const taggingMs = (size: BatchSize): number =>
    once(`tagging ${size.size} ${size.pieces}`, () => {
      const { tagging } = recordedOf(size);
      recordingMs += pace.msOf(OTHER_WORK.record, tagging.length);
      return pace.launchesMs(tagging) + beyond(OTHER_WORK.tagging, size, tagging.length);
    });
  const sizeOfBatch = (indices: readonly number[], own: readonly number[]): BatchSize => ({
    size: indices.length,
    pieces: lengthBucket(Math.max(...indices.map((index) => own[index] as number))),
  });
  const perEpoch = stepsPerEpoch(lengths.train.length, config.batchSize);
  const steps = config.steps ?? perEpoch * config.epochs;
  const epochs = perEpoch === 0 ? 0 : Math.ceil(steps / perEpoch);
  const plans = mixedSteps(lengths.train, lengths.sizes, config, seed, 0);
  let epochMs = 0;
  for (const plan of plans) {
    for (const indices of plan) epochMs += gradientsMs(sizeOfBatch(indices, lengths.train));
    const [first = []] = plan;
    epochMs += once('update', () => pace.launchesMs(recordedOf(sizeOfBatch(first, lengths.train)).update));
  }
  const stepsMs = plans.length === 0 ? 0 : (epochMs * steps) / plans.length;
  const scored = (splits: readonly (readonly number[])[]): number =>
    splits.reduce((sum, own) => {
      const batches = evaluationBatches(own, config.microBatchSize * EVALUATION_MICRO_BATCHES);
      return sum + batches.reduce((inner, indices) => inner + taggingMs(sizeOfBatch(indices, own)), 0);
    }, 0);
  const snapshots = Math.min(config.snapshots, epochs);
  const scoringMs = epochs * scored(lengths.devel) + snapshots * scored(lengths.test);
  const { encoder, head } = shape;
  const all = [...encoderShapes(encoder), ...headShapes(encoder, head), ...adapterShapes(encoder)];
  const tensors = all.filter(([name]) => isSaved(name, encoder));
  const bytes = 4 * tensors.reduce((sum, [, dimensions]) => sum + sizeOf(dimensions), 0);
  const savedMs = (sets: number): number =>
    pace.msOf(OTHER_WORK.storedBytes, sets * bytes) + pace.msOf(OTHER_WORK.storedRecords, sets * tensors.length);
  const checkpointMs = savedMs(1) + savedMs(SETS);
  // Checkpoints are written while the next epoch runs; only the last one, and what takes longer than an epoch, is waited for.
  const coveredMs = epochs === 0 ? 0 : (stepsMs + epochs * scored(lengths.devel)) / epochs;
  const waitedMs = epochs === 0 ? 0 : (epochs - 1) * Math.max(0, checkpointMs - coveredMs) + checkpointMs;
  const recordsMs = pace.msOf(OTHER_WORK.storedRecords, RECORDS_A_SNAPSHOT * snapshots);
  const savingMs = waitedMs + recordsMs;
  const preparingMs = lengths.encodingMs + pace.msOf(OTHER_WORK.verifiedBytes, modelBytes) + recordingMs;
  return { preparingMs, stepsMs, scoringMs, savingMs, totalMs: preparingMs + stepsMs + scoringMs + savingMs };
}

// Predicts the time of recorded launches and of other work from the measured pace of this machine.

/** Kinds of work besides launches. */
export const OTHER_WORK = {
  /** What a step needs beyond its launches: preparing inputs, calls, answers of the device; by pieces, and by launches on a GPU. */
  step: 'beyond launches of a step',
  tagging: 'beyond launches of a tagging',
  /** Recording and binding the launches of a new size, by their number. */
  record: 'recording launches',
  /** By bytes and by records. */
  storedBytes: 'stored bytes',
  storedRecords: 'stored records',
  /** Verifying a model's files, by bytes. */
  verifiedBytes: 'verified bytes',
} as const;

type LaunchOf = Pick<Launch, 'kernel' | 'sizes' | 'work'>;

/** Names a launch by what its time depends on besides its work: the kernel, and whether it draws dropout. The number of tags hardly matters. */
export function kindOf({ kernel, sizes }: LaunchOf): string {
  const threshold = kernel.sizes.findIndex(({ name }) => name === 'threshold');
  const drops = threshold >= 0 && sizes[threshold] !== 0;
  return `${kernel.name.replace(/, \d+ tags$/, '')}${drops ? ', drops' : ''}`;
}

/** The launches of one micro-batch, of the update of a step, and of tagging a batch. */
export interface RecordedStep {
  readonly gradients: readonly Launch[];
  readonly update: readonly Launch[];
  readonly tagging: readonly Launch[];
}

/** Records what an engine with these options would launch, without a device. */
export function recordedStep(
  shape: TaggerShape,
  config: Pick<TrainingConfig, 'adam' | 'clipNorm' | 'dropout'>,
  compute: ComputeOptions,
  size: BatchSize,
  trained?: (name: string) => boolean,
): RecordedStep {
  const { given, stepLoss } = passWithoutDevice(shape, compute, size, trained);
  const { launches } = recordFittingGradients(given, config.dropout, stepLoss, compute);
  const resident = (label: string, length: number): Resident => ({ kind: 'resident', label, length });
  const buffers = { state: given.state, stepLoss, clip: resident('clipping', 2), pending: resident('pending', 2) };
  const count = size.size * size.pieces;
  const emissions = resident('emissions', count * shape.head.tagCount);
  return {
    gradients: launches,
    update: recordUpdate(given.banks, config, () => ({ rate: 1, gradient: 1 }), buffers),
    tagging: recordPrediction(given, emissions, resident('tags', count)),
  };
}

/** A kind without a point takes the mean time of its family: the kernel's first words. */
const familyOf = (name: string): string => name.split(' ').slice(0, 2).join(' ').replace(/,$/, '');

/** Milliseconds at a work between measured points: between two by the logarithms, beyond them in proportion. */
function interpolated(points: readonly PacePoint[], work: number): number {
  const above = points.findIndex((point) => point.work >= work);
  const [low, high] = [points[above - 1], points[above]];
  if (high === undefined) {
    const last = points.at(-1) as PacePoint;
    return last.work > 0 ? (last.ms * work) / last.work : last.ms;
  }
  if (low === undefined || low.work === 0 || low.ms === 0 || high.ms === 0) {
    return high.work > 0 ? (high.ms * work) / high.work : high.ms;
  }
  const share = Math.log(work / low.work) / Math.log(high.work / low.work);
  return low.ms * (high.ms / low.ms) ** share;
}

export class Pace {
  private readonly kinds: ReadonlyMap<string, readonly PacePoint[]>;
  /** Milliseconds for a unit of work, of each family of kernels and of all. */
  private readonly families = new Map<string, { work: number; ms: number }>();

  constructor({ kinds }: MachinePace) {
    this.kinds = new Map(kinds.map(({ name, points }) => [name, points]));
    const others = new Set<string>(Object.values(OTHER_WORK));
    for (const { name, points } of kinds) {
      if (others.has(name)) continue;
      for (const family of [familyOf(name), '']) {
        const sum = this.families.get(family) ?? { work: 0, ms: 0 };
        for (const point of points) Object.assign(sum, { work: sum.work + point.work, ms: sum.ms + point.ms });
        this.families.set(family, sum);
      }
    }
  }

  msOf(kind: string, work: number): number {
    const other = kind.endsWith(', drops') ? kind.slice(0, -', drops'.length) : `${kind}, drops`;
    const points = this.kinds.get(kind) ?? this.kinds.get(other);
    if (points !== undefined) return interpolated(points, work);
    const family = this.families.get(familyOf(kind)) ?? this.families.get('');
    return family === undefined || family.work === 0 ? 0 : (family.ms * work) / family.work;
  }

  launchesMs(launches: readonly LaunchOf[]): number {
    return launches.reduce((sum, launch) => sum + this.msOf(kindOf(launch), launch.work), 0);
  }
}
