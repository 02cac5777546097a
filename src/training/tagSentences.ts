// Tags and mentions of sentences, with how sure the tagger is of each mention.
import { lenientMentions } from '../data/chunks.ts';
import type { Sequence } from '../data/features.ts';
import { joinPredictions } from '../data/joinPredictions.ts';
import type { TagSet } from '../data/tagSet.ts';
import type { ChainMarginals } from '../model/marginals.ts';
import { marginals } from '../model/marginals.ts';
import type { ChainWeights } from '../model/viterbi.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { SureMention } from '../schema/predictedSentence.ts';
import { macrotask } from '../util/macrotask.ts';
import { mentionConfidence } from './mentionConfidence.ts';
import { predictBatches } from './predict.ts';
import type { EncodedSplit } from './tagSplit.ts';
import type { Predictor } from './trainer.ts';

export interface TaggedSentence {
  /** Of each token, in the tag set's scheme. */
  readonly tags: readonly string[];
  /** What the tags say, read as conlleval does. */
  readonly mentions: readonly SureMention[];
}

export interface SentenceTagger {
  readonly predictor: Predictor;
  readonly tagSet: TagSet;
  /** Of the same weights as the predictor's; null under softmax. */
  readonly chain: ChainWeights | null;
}

/** Sentences whose mentions are weighed before the thread is given back. */
const SENTENCES_A_TURN = 50;

/** Yields how many sequences are predicted. Throws the reason of `signal`. */
export async function* tagSentences(
  { sentences, sequences }: EncodedSplit,
  { predictor, tagSet, chain }: SentenceTagger,
  config: Pick<TrainingConfig, 'microBatchSize'>,
  signal: AbortSignal,
): AsyncGenerator<number, readonly TaggedSentence[]> {
  const tags: Int32Array[] = [];
  const emissions: Float32Array[] = [];
  let done = 0;
  for await (const { indices, prediction } of predictBatches(sequences, predictor, config, signal)) {
    const found = await prediction.emissions();
    for (const [row, index] of indices.entries()) {
      tags[index] = prediction.tags[row] as Int32Array;
      emissions[index] = found[row] as Float32Array;
    }
    done += indices.length;
    yield done;
  }

  const places = tokenPlaces(sentences, sequences);
  const chainAt = (index: number): ChainMarginals =>
    marginals(emissions[index] as Float32Array, sequences[index]?.crfPositions.length ?? 0, tagSet.tags.length, chain);
  const tagged: TaggedSentence[] = [];
  // Chains of the sentence before: packed sentences share one.
  let chains = new Map<number, ChainMarginals>();
  for (const [index, ofSentence] of joinPredictions(sentences, sequences, tags, tagSet).entries()) {
    if (index % SENTENCES_A_TURN === 0) {
      await macrotask();
      signal.throwIfAborted();
    }
    const mentions = lenientMentions(ofSentence);
    if (mentions.length === 0) {
      tagged.push({ tags: ofSentence, mentions: [] });
      continue;
    }
    const own = places[index] ?? [];
    chains = new Map(
      [...new Set(own.map(({ sequence }) => sequence))].map((at) => [at, chains.get(at) ?? chainAt(at)]),
    );
    const confidence = mentionConfidence(
      own.map(({ sequence, position }) => ({ chain: chains.get(sequence) as ChainMarginals, position })),
      tagSet,
    );
    tagged.push({
      tags: ofSentence,
      mentions: mentions.map((mention) => ({ ...mention, confidence: confidence(mention) })),
    });
  }
  return tagged;
}

/** The sequence of each token of each sentence, and the CRF position that its tag is read from. */
function tokenPlaces(
  sentences: readonly unknown[],
  sequences: readonly Sequence[],
): readonly (readonly { readonly sequence: number; readonly position: number }[])[] {
  const places = sentences.map((): { sequence: number; position: number }[] => []);
  sequences.forEach(({ tokenPositions, tokenRefs }, sequence) => {
    tokenPositions.forEach((position, entry) => {
      const ofSentence = places[tokenRefs[2 * entry] as number];
      if (ofSentence !== undefined) ofSentence[tokenRefs[2 * entry + 1] as number] = { sequence, position };
    });
  });
  return places;
}
