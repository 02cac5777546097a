// Builds sequences of pieces from sentences: typed arrays for encoder and CRF, and maps predicted tags back to tokens.
import { finishWork } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import type { Sentence } from '../corpus/corpus.ts';
import { OPEN, OUTSIDE, outsideOf, tagIndices, type LabelMode, type TagSet } from '../corpus/tagScheme.ts';
import type { PieceTokenizer, SpecialPieces } from './pieceModels.ts';

/**
 * Returns the tag indices of the leading pieces that the CRF sees, for a token of `pieceCount` pieces tagged `tag`. The first is
 * always the token's first piece, whose predicted tag becomes the token's. Paper's code, label modes (function_builder_GPU): `x`
 * (crf, X, normal) all pieces, the tag on the first and X on the others; `first` (crf, gather, gather) the first piece only; `all`
 * (crf, normal, normal) all pieces, the tag on each.
 */
function pieceTags(
  tag: number,
  pieceCount: number,
  labelMode: LabelMode,
  continuation: number | null,
): readonly number[] {
  switch (labelMode) {
    case 'first':
      return [tag];
    case 'all':
      return new Array<number>(pieceCount).fill(tag);
    case 'x': {
      if (continuation === null) {
        throw new LabError('data/label-mode', 'Label mode x needs a tag set with X.', { expected: 'X', got: 'none' });
      }
      return [tag, ...new Array<number>(pieceCount - 1).fill(continuation)];
    }
  }
}

/** `sentence`: a sequence holds one sentence; `packed`: sentences in file order fill a sequence, without separators. */
type Layout = 'sentence' | 'packed';

/** Tokens `[start, end)` of one sentence. */
interface TokenSpan {
  readonly sentence: number;
  readonly start: number;
  readonly end: number;
}

/** Receives sentences one by one and returns the token spans of each sequence as soon as it is complete. */
interface SequenceLayout {
  /** Adds the next sentence, given the piece count of each of its tokens (each from 1 to the capacity). */
  add(pieceCounts: readonly number[]): readonly (readonly TokenSpan[])[];
  /** Returns the sequence still being filled, if any; call it after the last sentence. */
  finish(): readonly (readonly TokenSpan[])[];
}

/**
 * Lays out sentences in sequences of at most `capacity` pieces, specials not counted. `sentence`: one sentence per sequence.
 * `packed`: sentences fill a sequence in file order, without separators, until the next one does not fit (paper's code,
 * create_data.py). Both split a sentence longer than a sequence into as few and as equal parts as token boundaries allow, each in a
 * separate sequence; the released code cuts every 509 pieces instead, even in the middle of a word, and emits an empty sequence
 * when a long sentence comes first.
 */
function sequenceLayout(layout: Layout, capacity: number): SequenceLayout {
  let sentence = -1;
  let filling: TokenSpan[] = [];
  let filled = 0;

  const finish = (): readonly (readonly TokenSpan[])[] => {
    const complete = filling.length > 0 ? [filling] : [];
    filling = [];
    filled = 0;
    return complete;
  };

  const add = (pieceCounts: readonly number[]): readonly (readonly TokenSpan[])[] => {
    sentence += 1;
    if (pieceCounts.length === 0) return [];
    const pieces = pieceCounts.reduce((sum, count) => sum + count, 0);
    const fits = pieces <= capacity;
    if (fits && layout === 'packed') {
      const complete = filled + pieces > capacity ? finish() : [];
      filling.push({ sentence, start: 0, end: pieceCounts.length });
      filled += pieces;
      return complete;
    }
    const ends = fits ? [pieceCounts.length] : balancedEnds(pieceCounts, capacity);
    const parts = ends.map((end, index) => [{ sentence, start: ends[index - 1] ?? 0, end }]);
    return [...finish(), ...parts];
  };

  return { add, finish };
}

/** Returns the ends of the parts of a long sentence: as few as `capacity` allows, filled greedily to the smallest limit that needs no more parts. */
function balancedEnds(pieceCounts: readonly number[], capacity: number): readonly number[] {
  const fewest = greedyEnds(pieceCounts, capacity).length;
  let low = pieceCounts.reduce((most, count) => Math.max(most, count), 0);
  let high = capacity;
  while (low < high) {
    const limit = Math.floor((low + high) / 2);
    if (greedyEnds(pieceCounts, limit).length <= fewest) high = limit;
    else low = limit + 1;
  }
  return greedyEnds(pieceCounts, high);
}

function greedyEnds(pieceCounts: readonly number[], limit: number): readonly number[] {
  const ends: number[] = [];
  let filled = 0;
  pieceCounts.forEach((count, token) => {
    if (filled > 0 && filled + count > limit) {
      ends.push(token);
      filled = 0;
    }
    filled += count;
  });
  return [...ends, pieceCounts.length];
}

/** One row for the encoder, not padded: P pieces, N positions that the CRF sees, M tokens. */
export interface Sequence {
  /** [P] pieces of the tokens between the specials that open and close a sequence. */
  readonly pieceIds: Int32Array;
  /** [P*F] what the network's frozen part gives for each piece, where it was computed before training. */
  readonly features?: Float32Array<ArrayBuffer>;
  /** [P] 0 for pieces and the first `<sep>`, 1 for a second `<sep>`, 2 for a closing `<cls>`. */
  readonly segmentIds: Int32Array;
  /** [P] numbers of the characters of each piece, none of a special; absent where the network reads none. */
  readonly characters?: readonly Int32Array[];
  /** [N] index into `pieceIds` of each CRF position, ascending. */
  readonly crfPositions: Int32Array;
  /** [N] tag index of each CRF position; OPEN where it is one of `openTags`. */
  readonly tags: Int32Array;
  /** [K] 1 for the tags that open positions may have; absent where the sentences are fully labelled. */
  readonly openTags?: Int32Array;
  /** [M] index into the CRF positions of the one whose tag is the token's prediction. */
  readonly tokenPositions: Int32Array;
  /** [2 M] sentence index and token index of each of those tokens. */
  readonly tokenRefs: Int32Array;
}

/** The settings of a run that decide how sentences become sequences, described in the run's configuration. */
export interface FeatureConfig {
  readonly labelMode: LabelMode;
  readonly encoding: 'token' | 'sentence';
  readonly layout: Layout;
  readonly maxPieces: number;
  readonly specials: 'sep-cls' | 'sep-sep-cls' | 'cls-sep' | 'none';
  readonly specialsInLoss: boolean;
}

interface BuiltSequences {
  readonly sequences: readonly Sequence[];
  /** Sentences that did not fit into one sequence and were split at token boundaries. */
  readonly splitSentences: number;
  /** Tokens with more pieces than a sequence holds, cut to the first pieces. */
  readonly cutTokens: number;
}

/**
 * Builds all sequences of these sentences: every token of every sentence has exactly one entry in one sequence's `tokenRefs`.
 * Layout, label modes and specials as in the paper's code (create_data.py, function_builder_GPU); see `sequenceLayout` and
 * `pieceTags`.
 */
export function buildSequences(
  sentences: readonly Sentence[],
  tagSet: TagSet,
  tokenizer: PieceTokenizer,
  config: FeatureConfig,
  labels: TaskLabels = {},
): BuiltSequences {
  return finishWork(buildSequencesStepwise(sentences, tagSet, tokenizer, config, labels));
}

/** What the sentences of a task say about the types of a tag set that they do not annotate. */
export interface TaskLabels {
  /** Tags [K] that tokens outside mentions may have, as 1; specials are O. Null where such tokens have one tag. */
  readonly openTags?: Int32Array | null;
  /** The type that each sequence asks for; null where it asks for none. */
  readonly asked?: string | null;
}

/** Pieces of the words before and after a text that asks for a type: `<Disease>` and `</Disease>`, of the tokenizer's own vocabulary. */
export function askingPieces(type: string, tokenizer: PieceTokenizer) {
  return { opening: tokenizer.encodeToken(`<${type}>`), closing: tokenizer.encodeToken(`</${type}>`) };
}

/** The words that ask for a type as each sequence has them: they have the tag of tokens outside of it. */
interface AskingFrame extends ReturnType<typeof askingPieces> {
  readonly tag: number;
}

/**
 * `buildSequences` as a generator that yields the number of sentences done after each one, for callers that show progress and let others run.
 * Throws LabError `data/asked-length` where the words that ask for a type leave no room for text.
 */
export function* buildSequencesStepwise(
  sentences: readonly Sentence[],
  tagSet: TagSet,
  tokenizer: PieceTokenizer,
  config: FeatureConfig,
  { openTags = null, asked: type = null }: TaskLabels = {},
): Generator<number, BuiltSequences> {
  const frame = sequenceFrame(config.specials, tokenizer.specials);
  const asked = type === null ? null : { ...askingPieces(type, tokenizer), tag: outsideOf(tagSet, type) };
  const capacity = capacityOf(config, frame, asked);
  const outside = openTags === null ? (asked?.tag ?? OUTSIDE) : OPEN;
  const layout = sequenceLayout(config.layout, capacity);
  const sequences: Sequence[] = [];
  // Encoded sentences that an incomplete sequence may still refer to, by sentence index.
  const waiting = new Map<number, EncodedSentence>();
  let splitSentences = 0;
  let cutTokens = 0;

  const encode = (tokens: readonly string[]) =>
    config.encoding === 'sentence'
      ? tokenizer.encodeSentence(tokens)
      : tokens.map((token) => tokenizer.encodeToken(token));
  const emit = (complete: readonly (readonly TokenSpan[])[]): void => {
    for (const spans of complete) {
      const sequence = makeSequence(spans, waiting, { ...frame, asked }, tagSet, config);
      sequences.push(openTags === null ? sequence : { ...sequence, openTags });
    }
  };

  for (const [index, sentence] of sentences.entries()) {
    const { tokens } = sentence;
    const pieces = encode(tokens).map((ofToken) => {
      if (ofToken.length <= capacity) return ofToken;
      cutTokens += 1;
      return ofToken.slice(0, capacity);
    });
    const tags = tagIndices(sentence, tagSet).map((tag) => (tag === OUTSIDE ? outside : tag));
    const spelled = tokenizer.characters && tokens.map(tokenizer.characters.spell);
    waiting.set(index, { pieces, tags, ...(spelled && { spelled }) });
    const complete = layout.add(pieces.map((ofToken) => ofToken.length));
    if (complete.filter(([first]) => first?.sentence === index).length > 1) splitSentences += 1;
    emit(complete);
    if (complete.length > 0) for (const done of waiting.keys()) if (done < index) waiting.delete(done);
    yield index + 1;
  }
  emit(layout.finish());
  return { sequences, splitSentences, cutTokens };
}

/** Pieces of text that a sequence holds. */
function capacityOf({ maxPieces }: FeatureConfig, frame: SequenceFrame, asked: AskingFrame | null): number {
  const taken = frame.opening.length + frame.closing.length;
  const words = asked === null ? 0 : asked.opening.length + asked.closing.length;
  if (maxPieces - taken - words >= 1) return maxPieces - taken - words;
  throw new LabError('data/asked-length', 'The words that ask for a type fill a whole sequence.', {
    expected: `maxPieces above ${taken + words}, or a shorter name of the type`,
    got: `maxPieces ${maxPieces}`,
  });
}

interface EncodedSentence {
  /** Piece ids of each token. */
  readonly pieces: readonly (readonly number[])[];
  /** Tag index of each token, or OPEN. */
  readonly tags: readonly number[];
  /** Numbers of the characters of each token. */
  readonly spelled?: readonly Int32Array[];
}

const NO_CHARACTERS = new Int32Array();

interface Special {
  readonly id: number;
  readonly segment: number;
}

/** Specials before and after the pieces of tokens. */
interface SequenceFrame {
  readonly opening: readonly Special[];
  readonly closing: readonly Special[];
}

function sequenceFrame(specials: FeatureConfig['specials'], { sep, cls }: SpecialPieces): SequenceFrame {
  if (specials === 'none') return { opening: [], closing: [] };
  const end = { id: sep, segment: 0 };
  if (specials === 'cls-sep') return { opening: [{ id: cls, segment: 0 }], closing: [end] };
  const last = { id: cls, segment: 2 };
  return { opening: [], closing: specials === 'sep-cls' ? [end, last] : [end, { id: sep, segment: 1 }, last] };
}

function makeSequence(
  spans: readonly TokenSpan[],
  encoded: ReadonlyMap<number, EncodedSentence>,
  { opening, closing, asked }: SequenceFrame & { readonly asked: AskingFrame | null },
  { continuation }: TagSet,
  { labelMode, specialsInLoss }: FeatureConfig,
): Sequence {
  const pieceIds: number[] = [];
  const segmentIds: number[] = [];
  const crfPositions: number[] = [];
  const tags: number[] = [];
  const tokenPositions: number[] = [];
  const tokenRefs: number[] = [];
  const characters: Int32Array[] = [];
  const addSpecials = (specials: readonly Special[]): void => {
    for (const { id, segment } of specials) {
      if (specialsInLoss) {
        crfPositions.push(pieceIds.length);
        tags.push(OUTSIDE);
      }
      pieceIds.push(id);
      segmentIds.push(segment);
      characters.push(NO_CHARACTERS);
    }
  };

  const addWord = (pieces: readonly number[], tag: number, spelled: Int32Array = NO_CHARACTERS): void => {
    const firstPiece = pieceIds.length;
    const shown = pieceTags(tag, pieces.length, labelMode, continuation);
    shown.forEach((_, offset) => crfPositions.push(firstPiece + offset));
    for (const ofPiece of shown) tags.push(ofPiece);
    for (const id of pieces) {
      pieceIds.push(id);
      segmentIds.push(0);
      characters.push(spelled);
    }
  };

  addSpecials(opening);
  if (asked !== null) addWord(asked.opening, asked.tag);
  for (const { sentence, start, end } of spans) {
    const source = encoded.get(sentence);
    for (let token = start; token < end; token++) {
      tokenPositions.push(crfPositions.length);
      tokenRefs.push(sentence, token);
      addWord(source?.pieces[token] ?? [], source?.tags[token] ?? OUTSIDE, source?.spelled?.[token]);
    }
  }
  if (asked !== null) addWord(asked.closing, asked.tag);
  addSpecials(closing);
  return {
    pieceIds: Int32Array.from(pieceIds),
    segmentIds: Int32Array.from(segmentIds),
    ...(characters.some(({ length }) => length > 0) && { characters }),
    crfPositions: Int32Array.from(crfPositions),
    tags: Int32Array.from(tags),
    tokenPositions: Int32Array.from(tokenPositions),
    tokenRefs: Int32Array.from(tokenRefs),
  };
}

/** The largest equals the largest `maxPieces` a configuration may request. */
export const LENGTH_BUCKETS: readonly number[] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

/** Returns the smallest bucket that holds `length` positions. Throws `data/length` above the largest. */
export function lengthBucket(length: number): number {
  const bucket = LENGTH_BUCKETS.find((candidate) => candidate >= length);
  if (bucket === undefined) {
    throw new LabError('data/length', 'A sequence is longer than the longest the lab handles.', {
      expected: `at most ${LENGTH_BUCKETS.at(-1)}`,
      got: String(length),
    });
  }
  return bucket;
}

/**
 * Returns the tags of each token of each sentence, from the tag indices predicted at the CRF positions of each sequence (`[N]`
 * each, in the order of `sequences`). Split sentences are rejoined. `X` on the first piece of a token means that it is in no
 * mention, as does `O` of a type: `O`. Throws `data/join` if sequences and predictions do not give exactly one tag for every token.
 */
export function joinPredictions(
  sentences: readonly Sentence[],
  sequences: readonly Sequence[],
  predicted: readonly Int32Array[],
  { tags, continuation }: TagSet,
): string[][] {
  const joined = sentences.map(({ tokens }) => new Array<string | undefined>(tokens.length).fill(undefined));
  sequences.forEach(({ crfPositions, tokenPositions, tokenRefs }, index) => {
    const ofSequence = predicted[index];
    if (ofSequence?.length !== crfPositions.length) {
      throw mismatch(`${crfPositions.length} tags for sequence ${index}`, `${ofSequence?.length ?? 'none'}`);
    }
    tokenPositions.forEach((position, entry) => {
      const sentence = tokenRefs[2 * entry] ?? -1;
      const token = tokenRefs[2 * entry + 1] ?? -1;
      const found = ofSequence[position] ?? -1;
      const tag = tags[found === continuation ? OUTSIDE : found]?.replace(/^O-.*/u, 'O');
      const ofSentence = joined[sentence];
      if (tag === undefined) throw mismatch(`tag indices below ${tags.length}`, String(found));
      if (ofSentence === undefined || token >= ofSentence.length || ofSentence[token] !== undefined) {
        throw mismatch('each token of these sentences once', `token ${token} of sentence ${sentence}`);
      }
      ofSentence[token] = tag;
    });
  });
  return joined.map((ofSentence, sentence) =>
    ofSentence.map((tag, token) => {
      if (tag === undefined) throw mismatch('a tag for every token', `none for token ${token} of sentence ${sentence}`);
      return tag;
    }),
  );
}

function mismatch(expected: string, got: string): LabError {
  return new LabError('data/join', 'Predictions do not fit the sentences they were made from.', { expected, got });
}
