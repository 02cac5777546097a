// Tags and mentions of sentences, with how sure the tagger is of each mention.
import { lenientMentions } from '../data/corpus/chunks.ts';
import type { Mention } from '../data/corpus/corpus.ts';
import { splitTag } from '../data/corpus/tagScheme.ts';
import type { TagSet } from '../data/corpus/tagSet.ts';
import type { AnnotatedMention, DocumentText, Span } from '../data/documents/document.ts';
import { buildSequences, joinPredictions, type Sequence } from '../data/pieces/sequences.ts';
import type { PieceTokenizer } from '../data/pieces/tokenizer.ts';
import type { EngineGpu } from '../engine/network/computeOptions.ts';
import { marginals, type AllowedTags, type ChainMarginals, type PositionConstraint } from '../model/marginals.ts';
import { chainOf, type ChainWeights } from '../model/viterbi.ts';
import type { TrainingConfig } from '../schema/config.ts';
import { macrotask } from '../util/clock.ts';
import { mapEvents, type Progress } from '../util/work.ts';
import type { SureMention } from '../wire/taggerRef.ts';
import { predictBatches, type EncodedSplit } from './evaluate.ts';
import type { LoadedTagger } from './loadTagger.ts';
import { openPredictor } from './openTrainer.ts';
import type { Predictor } from './trainer.ts';

/** Where the tag of a token stands: at a position of a chain, the one of its first piece. */
interface TokenRange {
  readonly chain: ChainMarginals;
  readonly position: number;
}

/** What is asked of one token. */
type Asked = readonly [token: number, allowed: AllowedTags];

/**
 * Tells p(mention) of mentions of one sentence, from the place of each of its tokens.
 *
 * The tagger reads a mention of type t on tokens a to b off the tags z of first pieces alone, as conlleval does: X and O are alike, and what
 * continuation pieces carry says nothing. So, with y the tags of all pieces,
 *
 *   p(a, b, t) = sum of p(y) over all y whose z starts a chunk of t at a, goes on to b, and ends there:
 *     z_a = B or S, or I or E where z_(a-1) is neither B-t nor I-t (else the chunk has begun before);
 *     z_a .. z_(b-1) in {B, I}, z_(a+1) .. z_b in {I, E};
 *     z_b = E or S, or B or I where z_(b+1) is neither I-t nor E-t (else the chunk goes on).
 *
 * That is four disjoint products of allowed tags, whose probabilities add up: `x` and `all` sum over continuation pieces, `first` has none.
 * Chains are independent, so a mention in a sentence that was split into sequences has the product of its parts. Exact but for rounding.
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
    const notBefore: Asked = [start - 1, tagsOf(type, 'BI', false)];
    const notAfter: Asked = [end, tagsOf(type, 'IE', false)];
    const inner = Array.from({ length: Math.max(0, last - start - 1) }, (_, at): Asked => [start + 1 + at, some('I')]);
    const compute: readonly (readonly Asked[])[] =
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
    return Math.min(1, compute.reduce((sum, way) => sum + jointProbability(ranges, way), 0)); // prettier-ignore
  };
}

/** The probability that the tokens carry what is asked of them; tokens outside of the sentence are asked nothing. */
function jointProbability(ranges: readonly TokenRange[], asked: readonly Asked[]): number {
  const constraints = new Map<ChainMarginals, PositionConstraint[]>();
  for (const [token, allowed] of asked) {
    const range = ranges[token];
    if (range === undefined) continue;
    const ofChain = constraints.get(range.chain) ?? [];
    ofChain.push({ position: range.position, allowed });
    constraints.set(range.chain, ofChain);
  }
  return [...constraints].reduce((product, [chain, own]) => product * chain.probability(own), 1);
}

interface TaggedSentence {
  /** Of each token, in the tag set's scheme. */
  readonly tags: readonly string[];
  /** What the tags say, read as conlleval does. */
  readonly mentions: readonly SureMention[];
}

interface SentenceTagger {
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

  const places = tokenRanges(sentences, sequences);
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
function tokenRanges(
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

/** Sentences held as sequences and emissions at once. */
const SENTENCES_AT_ONCE = 256;

interface PlacedSentence {
  readonly document: number;
  readonly spans: readonly Span[];
}

/**
 * The mentions of each document, in order, with their confidences. Text is read as the tagger was trained to read it, but each sentence by
 * itself, so that what is found in one does not depend on what lies beside it. Yields the sentences done of all; throws the reason of `signal`.
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
      mentions: [],
    }));
    const { sequences } = buildSequences(sentences, tagger.tagSet, tagger.tokenizer, config);
    await macrotask();
    const tagging = tagSentences({ sentences, sequences }, tagger, config, signal);
    const found = yield* mapEvents(tagging, (done) => ({
      phase: 'tagging',
      // A sentence may be several sequences.
      done: from + Math.floor((block.length * done) / sequences.length),
      of: placed.length,
    }));
    found.forEach((tagged, index) => {
      const sentence = block[index];
      if (sentence !== undefined) mentions[sentence.document]?.push(...inText(tagged, sentence.spans));
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

/** Everything that tagging asks for; the weights are on the device alone, until `predictor.dispose()`. */
export interface OpenTagger extends SentenceTagger {
  readonly tokenizer: PieceTokenizer;
  readonly config: TrainingConfig;
}

export function openTagger(gpu: EngineGpu | null, loaded: LoadedTagger): OpenTagger {
  const { shape, weights, tokenizer, tagSet, head } = loaded;
  const settings = { shape, config: head.config, factors: new Map<string, never>(), seed: 0 };
  const predictor = openPredictor(gpu, weights, settings);
  return { predictor, tagSet, chain: chainOf(weights, shape.head), tokenizer, config: head.config };
}
