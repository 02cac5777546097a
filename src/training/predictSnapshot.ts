// What a snapshot of a run predicts on one split of one of its tasks.
import type { Sentence } from '../data/corpus/corpus.ts';
import { mentionsToTags } from '../data/corpus/tagScheme.ts';
import type { EngineGpu } from '../engine/network/computeOptions.ts';
import { chainOf } from '../model/viterbi.ts';
import type { RunSpec } from '../schema/runRecord.ts';
import { storePredictions, type PredictedMention, type PredictionRequest } from '../schema/storedPredictions.ts';
import { writePredictions } from '../storage/runRecords.ts';
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
 * Yields the sequences done of all. Throws LabError `checkpoint/missing` without the snapshot, `task/empty` where the task has no such
 * split, and the reason of `signal`.
 */
export async function* predictSnapshot(
  { runId, epoch, split, task }: PredictionRequest,
  { config }: RunSpec,
  { texts, model }: { readonly texts: readonly TaskText[]; readonly model: LoadedModel },
  store: Store,
  gpu: EngineGpu | null,
  signal: AbortSignal,
): AsyncGenerator<Progress, readonly PredictedSentence[]> {
  const { tasks, tagSet, shape } = runText(texts, model.config, config);
  const sentences = tasks[task]?.[split] ?? [];
  if (sentences.length === 0) throw new LabError('task/empty', `There are no ${split} sentences to predict on.`);
  const weights = await loadSnapshot(store, runId, epoch);
  const encoded = await drain(encodeSentences(sentences, tagSet, model.tokenizer, config, signal));
  const predictor = openPredictor(gpu, weights, { shape, config, factors: new Map<string, never>(), seed: 0 });
  try {
    const tagger = { predictor, tagSet, chain: chainOf(weights, shape.head) };
    const of = encoded.sequences.length;
    const tagging = tagSentences(encoded, tagger, config, signal);
    const tagged = yield* mapEvents(tagging, (done) => ({ phase: 'predicting', done, of }));
    return tagged.map(({ tags, mentions }, index) => {
      const { tokens, mentions: gold } = sentences[index] as Sentence;
      return { tokens, gold: mentionsToTags(gold, tokens.length, config.tagScheme), predicted: tags, mentions };
    });
  } finally {
    predictor.dispose();
  }
}

/**
 * Mentions of each sentence of the split, in order. A task of one type has that type's name in its own corpus, whatever MTL-XC trained it as;
 * a task of all types keeps the names it was trained with. Throws LabError `storage/full`, leaving what was stored before.
 */
export async function keepPredictions(
  store: Store,
  { tasks }: RunSpec,
  request: PredictionRequest,
  sentences: readonly (readonly PredictedMention[])[],
): Promise<void> {
  const type = tasks[request.task]?.type ?? null;
  const named =
    type === null ? sentences : sentences.map((mentions) => mentions.map((mention) => ({ ...mention, type })));
  await writePredictions(store, request, storePredictions(named));
}
