// Computes with a stored snapshot: predictions of a split, and projected gradients of the tasks of a joint run.
import type { Sentence } from '../data/corpus/corpus.ts';
import { keepTypes, mentionsToTags } from '../data/corpus/tagScheme.ts';
import { lenientMentions } from '../data/corpus/tagSequences.ts';
import type { Sequence } from '../data/pieces/sequences.ts';
import type { EngineHome } from '../engine/network/computeOptions.ts';
import { GradientProjection, type SequenceGradient } from '../metrics/affinity/linearisedTagger.ts';
import type { HostParameters } from '../model/blocks/parameterLocation.ts';
import { chainOf } from '../model/chainPaths.ts';
import { mergedWeights } from '../model/parameters.ts';
import { isJoint } from '../schema/methods.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import {
  storePredictions,
  type GradientsRequest,
  type PredictedMention,
  type PredictionRequest,
} from '../schema/storedPredictions.ts';
import { writeGradients, writePredictions } from '../storage/predictionRecords.ts';
import type { Store } from '../storage/store.ts';
import { drain, macrotask, mapEvents, type Progress } from '../util/clock.ts';
import { LabError } from '../util/labError.ts';
import { Rng } from '../util/random.ts';
import type { PredictedSentence } from '../wire/trainingProtocol.ts';
import { padBatch, sharesOf, type EncodedTasks } from './batches.ts';
import { loadSnapshot } from './checkpoint.ts';
import { encodeSentences, encodeTasks, runText, type TaskText } from './encodeTasks.ts';
import type { LoadedModel, LoadedTagger } from './loadTagger.ts';
import { initialEncoder, isTrained } from './startWeights.ts';
import { openTagger, tagSentences } from './tagSentences.ts';
import { openGradients, openPredictor, type GradientMeter } from './trainers.ts';

/** What a run trains and predicts with: the text of its tasks, its model with the run's encoder, and the weights that snapshots leave out. */
interface RunInputs {
  readonly texts: readonly TaskText[];
  readonly model: LoadedModel;
  readonly fixed?: HostParameters;
}

/**
 * Yields progress in sequences. Throws LabError `checkpoint/missing` without the snapshot, `task/empty` if the task has no such
 * split, and the reason of `signal`.
 */
export async function* predictSnapshot(
  { runId, epoch, split, task }: PredictionRequest,
  { config }: RunSpec,
  { texts, model, fixed = new Map() }: RunInputs,
  store: Store,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, readonly PredictedSentence[]> {
  const { tasks, tagSet, shape, asked, scoredTypes } = runText(texts, model.config, config);
  const sentences = tasks[task]?.[split] ?? [];
  const types = scoredTypes[task] ?? null;
  if (sentences.length === 0) throw new LabError('task/empty', `There are no ${split} sentences to predict on.`);
  const weights = new Map([...mergedWeights(await loadSnapshot(store, runId, epoch), model.encoder, config), ...fixed]);
  const encoded = await drain(
    encodeSentences(sentences, tagSet, model.tokenizer, config, signal, { asked: asked[task] ?? null }),
  );
  const predictor = openPredictor(home, weights, { shape, config, factors: new Map<string, never>(), seed: 0 });
  try {
    const tagger = { predictor, tagSet, chain: chainOf(weights, shape.head) };
    const of = encoded.sequences.length;
    const tagging = tagSentences(encoded, tagger, config, signal);
    const tagged = yield* mapEvents(tagging, (done) => ({ phase: 'predicting', done, of }));
    return tagged.map(({ tags, mentions, annotated }, index) => {
      const { tokens, mentions: marked } = sentences[index] as Sentence;
      return {
        tokens,
        gold: mentionsToTags(marked, tokens.length, config.tagScheme),
        predicted: types === null ? tags : keepTypes(tags, types),
        mentions: types === null ? mentions : mentions.filter(({ type }) => types.includes(type)),
        annotated,
      };
    });
  } finally {
    predictor.dispose();
  }
}

/**
 * Predicts sentences that the tagger was not trained on, as mentions of `type`: those of its only type whatever the name, or those that it marks of
 * this name; null for all that it marks. Where text asks for types, it asks for that one. Yields progress in sequences. Throws LabError
 * `predict/type` where it has several types and this is none of them, `task/empty` without sentences, and the reason of `signal`.
 */
export async function* predictElsewhere(
  loaded: LoadedTagger,
  sentences: readonly Sentence[],
  type: string | null,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, readonly PredictedSentence[]> {
  if (sentences.length === 0) throw new LabError('task/empty', 'There are no sentences to predict on.');
  const marked = markedType(loaded, type);
  const { config } = loaded.head;
  const tagger = openTagger(home, loaded);
  try {
    // Annotations of types that the tagger does not know have no tags.
    const unlabelled = sentences.map(({ tokens }) => ({ tokens, mentions: [] }));
    const asked = tagger.asks === null ? null : marked;
    const encoding = encodeSentences(unlabelled, tagger.tagSet, loaded.tokenizer, config, signal, { asked });
    const encoded = await drain(encoding);
    const of = encoded.sequences.length;
    const tagging = tagSentences(encoded, tagger, config, signal);
    const tagged = yield* mapEvents(tagging, (done) => ({ phase: 'predicting', done, of }));
    return tagged.map(({ mentions }, index) => {
      const { tokens, mentions: gold } = sentences[index] as Sentence;
      const named =
        type === null ? mentions : mentions.filter((one) => one.type === marked).map((one) => ({ ...one, type }));
      return {
        tokens,
        gold: mentionsToTags(gold, tokens.length, config.tagScheme),
        predicted: mentionsToTags(named, tokens.length, config.tagScheme),
        mentions: named,
        annotated: [],
      };
    });
  } finally {
    tagger.predictor.dispose();
  }
}

/** The type of the tagger that stands for `type`; null for all of them. */
function markedType({ head: { types, asked } }: LoadedTagger, type: string | null): string | null {
  const [only] = types;
  if (types.length === 1 && only !== undefined) return only;
  if (type === null ? asked !== true : types.includes(type)) return type;
  throw new LabError('predict/type', 'The tagger does not mark this type.', {
    expected: types.join(' or '),
    got: type ?? 'all types together',
  });
}

/**
 * Stores the mentions of each sentence of the split, in order. A single-type task gets its corpus' type name, whatever name MTL-XC
 * trained it with; a task of all types keeps its names. With the probabilities of all annotated mentions of the split, if known. Throws LabError `storage/full`, leaving what was stored before.
 */
export async function keepPredictions(
  store: Store,
  { tasks }: RunSpec,
  request: PredictionRequest,
  sentences: readonly (readonly PredictedMention[])[],
  annotated: readonly number[] | null = null,
): Promise<void> {
  const type = request.elsewhere === undefined ? (tasks[request.task]?.type ?? null) : null;
  const named =
    type === null ? sentences : sentences.map((mentions) => mentions.map((mention) => ({ ...mention, type })));
  await writePredictions(store, request, storePredictions(named, annotated));
}

/**
 * Stores what a snapshot predicts on the test split of every task of its run, without probabilities; `predicted` has the tags of each sentence
 * of a task, null for a task without one. While storage is full nothing is thrown: predictions can be made again on request, scores cannot.
 */
export async function keepTestPredictions(
  store: Store,
  spec: RunSpec,
  epoch: number,
  predicted: readonly (readonly (readonly string[])[] | null)[],
): Promise<void> {
  try {
    for (const [task, sentences] of predicted.entries()) {
      if (sentences === null) continue;
      const mentions = sentences.map((tags) =>
        lenientMentions(tags).map((mention) => ({ ...mention, confidence: null })),
      );
      await keepPredictions(store, spec, { runId: spec.id, epoch, split: 'test', task }, mentions);
    }
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'storage/full') throw error;
  }
}

// Measures the projected gradient of the loss of sampled sequences of every task of a joint run, at one of its snapshots.

interface RunText {
  readonly texts: readonly TaskText[];
  readonly model: LoadedModel;
  /** Weights of the encoder that no run trains and no snapshot has. */
  readonly fixed: HostParameters;
}

/**
 * Measures and stores what a request names: of every task, gradients of training sequences as the run trained on them and of devel sequences, for all
 * parameters that the run trains, the head among them, without dropout. Yields progress in sequences. Throws LabError `affinity/method` unless the run
 * trains two tasks or more together, `affinity/no-devel` where a task has no devel sequences, `checkpoint/missing` without the snapshot, `storage/full`,
 * what `encodeTasks` throws, and the reason of `signal`.
 */
export async function* measureTaskGradients(
  request: GradientsRequest,
  spec: RunSpec,
  { texts, model, fixed }: RunText,
  store: Store,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, void> {
  assertJoint(spec);
  const { config, seed } = spec;
  const encoding = encodeTasks(texts, model, spec, signal);
  let next = await encoding.next();
  for (; next.done !== true; next = await encoding.next()) {
    if (next.value.kind === 'phase') yield { phase: next.value.phase, done: next.value.done, of: next.value.of };
  }
  const tasks = next.value;
  const samples = sampledSequences(tasks, spec, request);
  const snapshot = await loadSnapshot(store, request.runId, request.epoch);
  const pretrained = initialEncoder(model.config, model.encoder, seed);
  const weights = new Map([...(config.adapters === undefined ? [] : pretrained), ...snapshot, ...fixed]);
  const trained = (name: string): boolean => isTrained(name, tasks.shape.encoder, null, config);
  const sizes = new Map([...weights].flatMap(([name, { values }]) => (trained(name) ? [[name, values.length]] : [])));
  const projection = new GradientProjection(request.dimensions, request.seed, sizes);
  const meter = openGradients(home, weights, { shape: tasks.shape, config, factors: new Map<string, never>(), seed }, trained); // prettier-ignore
  try {
    yield* measured(samples, meter, projection, signal);
    await writeGradients(store, request, samples.map(({ shown, train, devel }) => ({ shown, train: gradientsOf(train), devel: gradientsOf(devel) }))); // prettier-ignore
  } finally {
    meter.dispose();
  }
}

function assertJoint({ method, tasks, round }: RunSpec): void {
  if (isJoint(method) && tasks.length > 1) return;
  throw new LabError('affinity/method', 'Affinity is measured between the tasks that one run trains together.', {
    expected: 'a run of MTL-XC or another joint method on two tasks or more',
    got: `${method}${round === 0 ? '' : `, round ${round}`} on ${tasks.length === 1 ? 'one task' : `${tasks.length} tasks`}`,
  });
}

interface SampledSequence {
  readonly sequence: Sequence;
  measured: SequenceGradient | null;
}

interface TaskSample {
  readonly shown: number;
  readonly train: readonly SampledSequence[];
  readonly devel: readonly SampledSequence[];
}

/** Draws depend on the seed and the split alone, so that two tasks of the same sentences get the same sample. */
function sampledSequences(
  { train, devel }: EncodedTasks,
  { tasks, config }: RunSpec,
  { sequences, seed }: GradientsRequest,
): readonly TaskSample[] {
  const shown = sharesOf(train.sizes, config.mixing);
  const draw = (from: readonly Sequence[], split: string): readonly SampledSequence[] =>
    Rng.seeded(seed).fork('gradients', split).shuffled(from).slice(0, sequences).map((sequence) => ({ sequence, measured: null })); // prettier-ignore
  let offset = 0;
  return train.sizes.map((size, task) => {
    const own = train.sequences.slice(offset, (offset += size));
    const develSequences = devel[task]?.sequences ?? [];
    if (develSequences.length === 0 || own.length === 0) {
      const { name } = tasks[task]?.corpus ?? { name: '' };
      throw new LabError('affinity/no-devel', `The effect on ${name} is estimated on its devel sentences.`, {
        expected: 'training sentences, and devel sentences that were not trained on',
        got: `${own.length} training and ${develSequences.length} devel sequences`,
      });
    }
    return { shown: shown[task] ?? 0, train: draw(own, 'train'), devel: draw(develSequences, 'devel') };
  });
}

/** One sequence at a time, those of one length after the other, so that few shapes are prepared at once. */
async function* measured(
  samples: readonly TaskSample[],
  meter: GradientMeter,
  projection: GradientProjection,
  signal: AbortSignal,
): AsyncGenerator<Progress, void> {
  const all = samples.flatMap(({ train, devel }) => [...train, ...devel]);
  const order = [...all].sort((left, right) => left.sequence.pieceIds.length - right.sequence.pieceIds.length);
  for (const [done, sample] of order.entries()) {
    yield { phase: 'measuring gradients', done, of: all.length };
    await macrotask();
    signal.throwIfAborted();
    const { loss, gradients } = await meter.measure(padBatch([sample.sequence], [0]));
    const values = [...gradients].map(([name, tensor]) => [name, tensor.values] as const);
    sample.measured = { loss: finiteLoss(loss), gradient: projection.project(values) };
  }
}

/** A likelihood of nearly one may round above it. */
function finiteLoss(loss: number): number {
  if (Number.isFinite(loss)) return Math.max(0, loss);
  throw new LabError('affinity/not-finite', 'The loss of a sequence is not finite at this snapshot.', {
    expected: 'a number',
    got: String(loss),
  });
}

function gradientsOf(sampled: readonly SampledSequence[]): readonly SequenceGradient[] {
  return sampled.flatMap(({ measured: found }) => (found === null ? [] : [found]));
}
