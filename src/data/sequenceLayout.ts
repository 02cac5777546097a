// Decides which tokens share a sequence.

/** `sentence`: a sequence holds one sentence; `packed`: sentences in file order fill a sequence, without separators. */
export type Layout = 'sentence' | 'packed';

/** Tokens `[start, end)` of one sentence. */
export interface TokenSpan {
  readonly sentence: number;
  readonly start: number;
  readonly end: number;
}

/** Takes sentences one after another and gives out the token spans of each sequence as soon as it is complete. */
export interface SequenceLayout {
  /** Adds the next sentence, by the piece count of each of its tokens (each from 1 to the capacity). */
  add(pieceCounts: readonly number[]): readonly (readonly TokenSpan[])[];
  /** The sequence still being filled, if any; to be called after the last sentence. */
  finish(): readonly (readonly TokenSpan[])[];
}

/**
 * Lays sentences out in sequences of at most `capacity` pieces, specials not counted.
 * `sentence`: a sentence a sequence. `packed`: sentences fill a sequence in file order, without separators, until the next one does not
 * fit (paper's code, create_data.py). A sentence longer than a sequence is split in both, into as few and as equal parts as
 * token borders allow, and its parts stand alone; the released code cuts every 509 pieces instead, also in the middle of a word, and
 * emits an empty sequence when a long sentence comes first.
 */
export function sequenceLayout(layout: Layout, capacity: number): SequenceLayout {
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

/** Ends of the parts of a long sentence: as few as `capacity` allows, filled greedily to the smallest limit that keeps them so few. */
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
