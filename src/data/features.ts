// Turns sentences into the typed arrays that the encoder and the CRF read.
import { pieceTags } from './pieceTags.ts';
import type { Sentence } from './corpus.ts';
import { sequenceLayout, type Layout, type TokenSpan } from './sequenceLayout.ts';
import { OUTSIDE, tagIndices, type LabelMode, type TagSet } from './tagSet.ts';
import type { PieceTokenizer, SpecialPieces } from './tokenizer.ts';

/** One row for the encoder, not padded: P pieces, N positions that the CRF sees, M tokens. */
export interface Sequence {
  /** [P] pieces of the tokens between the specials that open and close a sequence. */
  readonly pieceIds: Int32Array;
  /** [P] 0 for pieces and the first `<sep>`, 1 for a second `<sep>`, 2 for a closing `<cls>`. */
  readonly segmentIds: Int32Array;
  /** [N] index into `pieceIds` of each CRF position, ascending. */
  readonly crfPositions: Int32Array;
  /** [N] tag index of each CRF position. */
  readonly tags: Int32Array;
  /** [M] index into the CRF positions of the one whose tag is the token's prediction. */
  readonly tokenPositions: Int32Array;
  /** [2 M] sentence index and token index of each of those tokens. */
  readonly tokenRefs: Int32Array;
}

/** The settings of a run that decide how sentences become sequences; the run's configuration describes each. */
export interface FeatureConfig {
  readonly labelMode: LabelMode;
  readonly encoding: 'token' | 'sentence';
  readonly layout: Layout;
  readonly maxPieces: number;
  readonly specials: 'sep-cls' | 'sep-sep-cls' | 'cls-sep';
  readonly specialsInLoss: boolean;
}

export interface BuiltSequences {
  readonly sequences: readonly Sequence[];
  /** Sentences that did not fit into one sequence and were split at token borders. */
  readonly splitSentences: number;
  /** Tokens with more pieces than a sequence holds, of which only the first pieces were kept. */
  readonly cutTokens: number;
}

/**
 * All sequences of these sentences: every token of every sentence has exactly one entry in one sequence's `tokenRefs`.
 * Layout, label modes and specials as in the paper's code (create_data.py, function_builder_GPU); see `sequenceLayout` and `pieceTags`.
 */
export function buildSequences(
  sentences: readonly Sentence[],
  tagSet: TagSet,
  tokenizer: PieceTokenizer,
  config: FeatureConfig,
): BuiltSequences {
  const building = buildSequencesStepwise(sentences, tagSet, tokenizer, config);
  for (;;) {
    const step = building.next();
    if (step.done === true) return step.value;
  }
}

/** The same as a generator that yields the number of sentences done after each one, for callers that show progress and let others run. */
export function* buildSequencesStepwise(
  sentences: readonly Sentence[],
  tagSet: TagSet,
  tokenizer: PieceTokenizer,
  config: FeatureConfig,
): Generator<number, BuiltSequences> {
  const frame = sequenceFrame(config.specials, tokenizer.specials);
  const capacity = config.maxPieces - frame.opening.length - frame.closing.length;
  const layout = sequenceLayout(config.layout, capacity);
  const sequences: Sequence[] = [];
  // Encoded sentences that a sequence not yet complete may refer to, by sentence index.
  const waiting = new Map<number, EncodedSentence>();
  let splitSentences = 0;
  let cutTokens = 0;

  const encode = (tokens: readonly string[]) =>
    config.encoding === 'sentence'
      ? tokenizer.encodeSentence(tokens)
      : tokens.map((token) => tokenizer.encodeToken(token));
  const emit = (complete: readonly (readonly TokenSpan[])[]): void => {
    for (const spans of complete) sequences.push(makeSequence(spans, waiting, frame, tagSet, config));
  };

  for (const [index, sentence] of sentences.entries()) {
    const { tokens } = sentence;
    const pieces = encode(tokens).map((ofToken) => {
      if (ofToken.length <= capacity) return ofToken;
      cutTokens += 1;
      return ofToken.slice(0, capacity);
    });
    waiting.set(index, { pieces, tags: tagIndices(sentence, tagSet) });
    const complete = layout.add(pieces.map((ofToken) => ofToken.length));
    if (complete.filter(([first]) => first?.sentence === index).length > 1) splitSentences += 1;
    emit(complete);
    if (complete.length > 0) for (const done of waiting.keys()) if (done < index) waiting.delete(done);
    yield index + 1;
  }
  emit(layout.finish());
  return { sequences, splitSentences, cutTokens };
}

interface EncodedSentence {
  /** Piece ids of each token. */
  readonly pieces: readonly (readonly number[])[];
  /** Tag index of each token. */
  readonly tags: readonly number[];
}

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
  const end = { id: sep, segment: 0 };
  if (specials === 'cls-sep') return { opening: [{ id: cls, segment: 0 }], closing: [end] };
  const last = { id: cls, segment: 2 };
  return { opening: [], closing: specials === 'sep-cls' ? [end, last] : [end, { id: sep, segment: 1 }, last] };
}

function makeSequence(
  spans: readonly TokenSpan[],
  encoded: ReadonlyMap<number, EncodedSentence>,
  { opening, closing }: SequenceFrame,
  { continuation }: TagSet,
  { labelMode, specialsInLoss }: FeatureConfig,
): Sequence {
  const pieceIds: number[] = [];
  const segmentIds: number[] = [];
  const crfPositions: number[] = [];
  const tags: number[] = [];
  const tokenPositions: number[] = [];
  const tokenRefs: number[] = [];
  const addSpecials = (specials: readonly Special[]): void => {
    for (const { id, segment } of specials) {
      if (specialsInLoss) {
        crfPositions.push(pieceIds.length);
        tags.push(OUTSIDE);
      }
      pieceIds.push(id);
      segmentIds.push(segment);
    }
  };

  addSpecials(opening);
  for (const { sentence, start, end } of spans) {
    const source = encoded.get(sentence);
    for (let token = start; token < end; token++) {
      const ofToken = source?.pieces[token] ?? [];
      const firstPiece = pieceIds.length;
      tokenPositions.push(crfPositions.length);
      tokenRefs.push(sentence, token);
      const shown = pieceTags(source?.tags[token] ?? OUTSIDE, ofToken.length, labelMode, continuation);
      shown.forEach((_, offset) => crfPositions.push(firstPiece + offset));
      for (const tag of shown) tags.push(tag);
      for (const id of ofToken) {
        pieceIds.push(id);
        segmentIds.push(0);
      }
    }
  }
  addSpecials(closing);
  return {
    pieceIds: Int32Array.from(pieceIds),
    segmentIds: Int32Array.from(segmentIds),
    crfPositions: Int32Array.from(crfPositions),
    tags: Int32Array.from(tags),
    tokenPositions: Int32Array.from(tokenPositions),
    tokenRefs: Int32Array.from(tokenRefs),
  };
}
