// Predicts one split of a run's task with a snapshot, and stores the predictions.
import { lenientMentions } from '../data/corpus/chunks.ts';
import type { Sentence } from '../data/corpus/corpus.ts';
import { mentionsToTags } from '../data/corpus/tagScheme.ts';
import { keepTypes } from '../data/corpus/tagSet.ts';
import type { EngineHome } from '../engine/network/computeOptions.ts';
import { mergedWeights } from '../model/adapters.ts';
import type { HostParameters } from '../model/blocks/hostParameters.ts';
import { chainOf } from '../model/viterbi.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import { storePredictions, type PredictedMention, type PredictionRequest } from '../schema/storedPredictions.ts';
import { writePredictions } from '../storage/predictionRecords.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { drain, mapEvents, type Progress } from '../util/work.ts';
import type { PredictedSentence } from '../wire/taggerRef.ts';
import { loadSnapshot } from './checkpoint.ts';
import { encodeSentences, runText, type TaskText } from './encodeTasks.ts';
import type { LoadedModel } from './loadModel.ts';
import type { LoadedTagger } from './loadTagger.ts';
import { openPredictor } from './openTrainer.ts';
import { openTagger, tagSentences } from './tagSentences.ts';

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
