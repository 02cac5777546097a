// Predicts one split of a run's task with a snapshot, and stores the predictions.
import { lenientMentions } from '../data/corpus/chunks.ts';
import type { Sentence } from '../data/corpus/corpus.ts';
import { mentionsToTags } from '../data/corpus/tagScheme.ts';
import { keepTypes } from '../data/corpus/tagSet.ts';
import type { EngineHome } from '../engine/network/computeOptions.ts';
import { mergedWeights } from '../model/adapters.ts';
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
import { openPredictor } from './openTrainer.ts';
import { tagSentences } from './tagSentences.ts';

/**
 * Yields progress in sequences. Throws LabError `checkpoint/missing` without the snapshot, `task/empty` if the task has no such
 * split, and the reason of `signal`.
 */
export async function* predictSnapshot(
  { runId, epoch, split, task }: PredictionRequest,
  { config }: RunSpec,
  { texts, model }: { readonly texts: readonly TaskText[]; readonly model: LoadedModel },
  store: Store,
  home: EngineHome | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, readonly PredictedSentence[]> {
  const { tasks, tagSet, shape, scoredTypes } = runText(texts, model.config, config);
  const sentences = tasks[task]?.[split] ?? [];
  const types = scoredTypes[task] ?? null;
  if (sentences.length === 0) throw new LabError('task/empty', `There are no ${split} sentences to predict on.`);
  const weights = mergedWeights(await loadSnapshot(store, runId, epoch), model.encoder, config);
  const encoded = await drain(encodeSentences(sentences, tagSet, model.tokenizer, config, signal));
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
  const type = tasks[request.task]?.type ?? null;
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
