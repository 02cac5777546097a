// Tags sentences and documents, with the exact confidence of each mention.
import type { Mention } from '../data/corpus/corpus.ts';
import { mentionsToTags, splitTag, type TagSet } from '../data/corpus/tagScheme.ts';
import { lenientMentions } from '../data/corpus/tagSequences.ts';
import type { AnnotatedMention, DocumentText, Span } from '../data/documents/document.ts';
import type { PieceTokenizer } from '../data/pieces/pieceModels.ts';
import { buildSequences, joinPredictions, type Sequence } from '../data/pieces/sequences.ts';
import type { EngineHome } from '../engine/network/computeOptions.ts';
import {
  chainOf,
  marginalsBy,
  type AllowedTags,
  type ChainMarginals,
  type ChainWeights,
  type PositionConstraint,
} from '../model/chainPaths.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { macrotask, mapEvents, type Progress } from '../util/clock.ts';
import type { SureMention } from '../wire/trainingProtocol.ts';
import { taggingBatches, type EncodedSplit } from './batches.ts';
import { predictBatches, type BatchesOf } from './evaluate.ts';
import type { LoadedTagger } from './loadTagger.ts';
import { openPredictor, type Predictor } from './trainers.ts';

/** The chain and position of a token's tag, which is that of its first piece. */
interface TokenRange {
  readonly chain: ChainMarginals;
  readonly position: number;
}

/** The tags that one token may have. */
type TokenConstraint = readonly [token: number, allowed: AllowedTags];

/**
 * Computes p(mention) for mentions of one sentence, given the chain position of each of its tokens.
 *
 * A mention of type t on tokens a to b is decoded from the tags z of first pieces alone, as conlleval does: X equals O, and tags of
 * continuation pieces are ignored. So, with y the tags of all pieces,
 *
 *   p(a, b, t) = sum of p(y) over all y whose z starts a chunk of t at a, continues to b, and ends there:
 *     z_a = B or S, or I or E where z_(a-1) is neither B-t nor I-t (else the chunk has begun before);
 *     z_a .. z_(b-1) in {B, I}, z_(a+1) .. z_b in {I, E};
 *     z_b = E or S, or B or I where z_(b+1) is neither I-t nor E-t (else the chunk continues).
 *
 * These are four disjoint products of allowed tags, whose probabilities add up: `x` and `all` sum over continuation pieces, `first` has none.
 * Chains are independent, so a mention split across sequences has the product of its parts. Exact up to rounding.
 */
export function mentionConfidence(ranges: readonly TokenRange[], { tags }: TagSet): (mention: Mention) => number {
  const parts = tags.map(splitTag);
  const known = new Map<string, AllowedTags>();
  const tagsOf = (type: string, prefixes: string, wanted: boolean): AllowedTags => {
    const key = `${wanted} ${prefixes}-${type}`;
    const made = known.get(key) ?? parts.map((tag) => (tag.type === type && prefixes.includes(tag.prefix)) === wanted);
    known.set(key, made);
    return made;
  };

  return ({ type, start, end }) => {
    const last = end - 1;
    const some = (prefixes: string): AllowedTags => tagsOf(type, prefixes, true);
    const notBefore: TokenConstraint = [start - 1, tagsOf(type, 'BI', false)];
    const notAfter: TokenConstraint = [end, tagsOf(type, 'IE', false)];
    const inner = Array.from({ length: Math.max(0, last - start - 1) }, (_, offset): TokenConstraint => [
      start + 1 + offset,
      some('I'),
    ]);
    const alternatives: readonly (readonly TokenConstraint[])[] =
      start === last
        ? [
            [[start, some('S')]],
            [[start, some('B')], notAfter],
            [notBefore, [start, some('E')]],
            [notBefore, [start, some('I')], notAfter],
          ]
        : [
            [[start, some('B')], ...inner, [last, some('E')]],
            [[start, some('B')], ...inner, [last, some('I')], notAfter],
            [notBefore, [start, some('I')], ...inner, [last, some('E')]],
            [notBefore, [start, some('I')], ...inner, [last, some('I')], notAfter],
          ];
    return Math.min(1, alternatives.reduce((sum, constraints) => sum + jointProbability(ranges, constraints), 0)); // prettier-ignore
  };
}

/** The probability that all tokens satisfy their constraints; constraints outside the sentence are ignored. */
function jointProbability(ranges: readonly TokenRange[], tokens: readonly TokenConstraint[]): number {
  const constraints = new Map<ChainMarginals, PositionConstraint[]>();
  for (const [token, allowed] of tokens) {
    const range = ranges[token];
    if (range === undefined) continue;
    const ofChain = constraints.get(range.chain) ?? [];
    ofChain.push({ position: range.position, allowed });
    constraints.set(range.chain, ofChain);
  }
  return [...constraints].reduce((product, [chain, own]) => product * chain.probability(own), 1);
}

interface TaggedSentence {
  /** One per token, in the tag set's scheme. */
  readonly tags: readonly string[];
  /** Decoded from the tags as conlleval does. */
  readonly mentions: readonly SureMention[];
  /** The probability of each annotated mention of the sentence, in order. */
  readonly annotated: readonly number[];
}

interface SentenceTagger {
  readonly predictor: Predictor;
  readonly tagSet: TagSet;
  /** From the same weights as the predictor's; null for softmax. */
  readonly chain: ChainWeights | null;
}

/** Sentences whose confidences are computed before yielding to the event loop. */
const SENTENCES_A_TURN = 50;

/** Yields the number of sequences predicted. Throws the reason of `signal`. */
export async function* tagSentences(
  { sentences, sequences }: EncodedSplit,
  { predictor, tagSet, chain }: SentenceTagger,
  config: Pick<TrainingConfig, 'microBatchSize'>,
  signal: AbortSignal,
  batchesOf?: BatchesOf,
): AsyncGenerator<number, readonly TaggedSentence[]> {
  const tags: Int32Array[] = [];
  const emissions: Float32Array[] = [];
  let done = 0;
  for await (const { indices, prediction } of predictBatches(sequences, predictor, config, signal, batchesOf)) {
    const found = await prediction.emissions();
    for (const [row, index] of indices.entries()) {
      tags[index] = prediction.tags[row] as Int32Array;
      emissions[index] = found[row] as Float32Array;
    }
    done += indices.length;
    yield done;
  }

  const ranges = tokenRanges(sentences, sequences);
  const marginalsOf = marginalsBy(chain, tagSet.tags.length);
  const chainAt = (index: number): ChainMarginals =>
    marginalsOf(emissions[index] as Float32Array, sequences[index]?.crfPositions.length ?? 0);
  const tagged: TaggedSentence[] = [];
  // Chains of the previous sentence, because packed sentences share one.
  let chains = new Map<number, ChainMarginals>();
  for (const [index, ofSentence] of joinPredictions(sentences, sequences, tags, tagSet).entries()) {
    if (index % SENTENCES_A_TURN === 0) {
      await macrotask();
      signal.throwIfAborted();
    }
    const mentions = lenientMentions(ofSentence);
    const annotated = sentences[index]?.mentions ?? [];
    if (mentions.length + annotated.length === 0) {
      tagged.push({ tags: ofSentence, mentions: [], annotated: [] });
      continue;
    }
    const own = ranges[index] ?? [];
    chains = new Map(
      [...new Set(own.map(({ sequence }) => sequence))].map((chain) => [chain, chains.get(chain) ?? chainAt(chain)]),
    );
    const confidence = mentionConfidence(
      own.map(({ sequence, position }) => ({ chain: chains.get(sequence) as ChainMarginals, position })),
      tagSet,
    );
    tagged.push({
      tags: ofSentence,
      mentions: mentions.map((mention) => ({ ...mention, confidence: confidence(mention) })),
      annotated: annotated.map(confidence),
    });
  }
  return tagged;
}

/** For each token of each sentence, its sequence and the CRF position of its tag. */
function tokenRanges(
  sentences: readonly unknown[],
  sequences: readonly Sequence[],
): readonly (readonly { readonly sequence: number; readonly position: number }[])[] {
  const ranges = sentences.map((): { sequence: number; position: number }[] => []);
  sequences.forEach(({ tokenPositions, tokenRefs }, sequence) => {
    tokenPositions.forEach((position, entry) => {
      const ofSentence = ranges[tokenRefs[2 * entry] as number];
      if (ofSentence !== undefined) ofSentence[tokenRefs[2 * entry + 1] as number] = { sequence, position };
    });
  });
  return ranges;
}

/**
 * Finds the mentions of sentences without annotations. Where text asks for one type at a time, it asks for each in turn, and of mentions
 * that overlap the longest stays, then the first. Yields the number of sentences done; throws the reason of `signal`.
 */
export async function* tagUnlabelled(
  texts: readonly { readonly tokens: readonly string[] }[],
  tagger: OpenTagger,
  config: TrainingConfig,
  signal: AbortSignal,
): AsyncGenerator<number, readonly TaggedSentence[]> {
  const sentences = texts.map(({ tokens }) => ({ tokens, mentions: [] }));
  const asks = tagger.asks ?? [null];
  const answers: (readonly TaggedSentence[])[] = [];
  for (const [index, asked] of asks.entries()) {
    const { sequences } = buildSequences(sentences, tagger.tagSet, tagger.tokenizer, config, { asked });
    await macrotask();
    const tagging = tagSentences({ sentences, sequences }, tagger, config, signal, taggingBatches);
    // A sentence may be several sequences.
    const [before, all] = [index * sequences.length, asks.length * sequences.length];
    answers.push(yield* mapEvents(tagging, (done) => Math.floor((sentences.length * (before + done)) / all)));
  }
  if (tagger.asks === null) return answers[0] ?? [];
  return sentences.map(({ tokens }, index) => {
    const found = asks.flatMap((type, at) => (answers[at]?.[index]?.mentions ?? []).filter((one) => one.type === type));
    const mentions = withoutOverlaps(found);
    return { tags: mentionsToTags(mentions, tokens.length, config.tagScheme), mentions, annotated: [] };
  });
}

/** Of mentions that overlap the longest, then the first, then the one listed first; in order of start. */
function withoutOverlaps(mentions: readonly SureMention[]): readonly SureMention[] {
  const byLength = [...mentions].sort(
    (left, right) => right.end - right.start - (left.end - left.start) || left.start - right.start,
  );
  const chosen: SureMention[] = [];
  for (const mention of byLength) {
    if (chosen.every(({ start, end }) => end <= mention.start || mention.end <= start)) chosen.push(mention);
  }
  return chosen.sort((left, right) => left.start - right.start);
}

/** Sentences encoded and predicted at a time, to bound memory. */
const SENTENCES_AT_ONCE = 1024;

interface PlacedSentence {
  readonly document: number;
  readonly spans: readonly Span[];
}

/**
 * Finds the mentions of each document, in order, with their confidences. Encodes text as in training, but each sentence by
 * itself, so that predictions do not depend on neighbouring sentences. Yields progress in sentences; throws the reason of `signal`.
 */
export async function* tagDocuments(
  documents: readonly DocumentText[],
  tagger: OpenTagger,
  signal: AbortSignal,
): AsyncGenerator<Progress, readonly (readonly AnnotatedMention[])[]> {
  const config = { ...tagger.config, layout: 'sentence' as const };
  const placed = documents.flatMap(({ sentences }, document) => sentences.map((spans): PlacedSentence => ({ document, spans }))); // prettier-ignore
  const mentions = documents.map((): AnnotatedMention[] => []);
  for (let from = 0; from < placed.length; from += SENTENCES_AT_ONCE) {
    const block = placed.slice(from, from + SENTENCES_AT_ONCE);
    const sentences = block.map(({ document, spans }) => ({
      tokens: spans.map(({ start, end }) => documents[document]?.text.slice(start, end) ?? ''),
    }));
    const tagging = tagUnlabelled(sentences, tagger, config, signal);
    const found = yield* mapEvents(tagging, (done) => ({ phase: 'tagging', done: from + done, of: placed.length }));
    found.forEach((tagged, index) => {
      const { document, spans } = block[index] as PlacedSentence;
      // A sentence may have more mentions than a call takes arguments.
      for (const mention of inText(tagged, spans)) mentions[document]?.push(mention);
    });
  }
  return mentions;
}

function inText({ mentions }: TaggedSentence, spans: readonly Span[]): AnnotatedMention[] {
  return mentions.map(({ type, start, end, confidence }) => ({
    type,
    start: spans[start]?.start ?? 0,
    end: spans[end - 1]?.end ?? 0,
    confidence,
  }));
}

/** Everything that tagging needs; the weights are only on the device, until `predictor.dispose()`. */
export interface OpenTagger extends SentenceTagger {
  readonly tokenizer: PieceTokenizer;
  readonly config: TrainingConfig;
  /** The types that text asks for, one at a time; null where all are marked at once. */
  readonly asks: readonly string[] | null;
}

export function openTagger(home: EngineHome | null, loaded: Omit<LoadedTagger, 'model' | 'base'>): OpenTagger {
  const { shape, weights, tokenizer, tagSet, head } = loaded;
  const settings = { shape, config: head.config, factors: new Map<string, never>(), seed: 0 };
  const predictor = openPredictor(home, weights, settings);
  const asks = head.asked === true ? head.types : null;
  return { predictor, tagSet, chain: chainOf(weights, shape.head), tokenizer, config: head.config, asks };
}
