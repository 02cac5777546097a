// Packs the counts of each sentence into short texts, for result files: run lengths of small numbers, and no word of the sentences.
import { LabError } from '../../util/labError.ts';
import type { SentenceCounts, SpanCounts } from './spanScore.ts';

/**
 * What a tagger did in each sentence of a split. The texts have one number per sentence, in order, separated by spaces; `3*12` is twelve
 * sentences with 3 each. Errors instead of hits, because most are 0 and take hardly any room.
 */
export interface PackedCounts {
  /** `fingerprintOfSplit` of the sentences: only counts with the same one can be paired. */
  readonly split: string;
  readonly gold: string;
  /** Gold minus correct: mentions that were not found. */
  readonly missed: string;
  /** Predicted minus correct: what was marked and is not a mention. */
  readonly spurious: string;
}

/** Sentences that are packed and unpacked at the most: a text of a few characters may state any number. */
export const MOST_COUNTED_SENTENCES = 1_000_000;
/** Mentions in one sentence at the most. */
const MOST_MENTIONS = 100_000;

/** Packs counts; null beyond the limits, which no corpus reaches. */
export function packCounts({ gold, predicted, correct }: SentenceCounts, split: string): PackedCounts | null {
  if (gold.length > MOST_COUNTED_SENTENCES) return null;
  if ([gold, predicted].some((counts) => counts.some((count) => count > MOST_MENTIONS))) return null;
  const without = (counts: Int32Array): Int32Array => counts.map((count, index) => count - (correct[index] ?? 0));
  return { split, gold: packed(gold), missed: packed(without(gold)), spurious: packed(without(predicted)) };
}

/** Unpacks counts. Throws `metrics/packed` unless they are of as many sentences each, with no more missed than there are. */
export function unpackCounts(counts: PackedCounts): SentenceCounts {
  const gold = unpacked(counts.gold);
  const missed = unpacked(counts.missed);
  const spurious = unpacked(counts.spurious);
  if (missed.length !== gold.length || spurious.length !== gold.length) {
    throw damaged(`${gold.length} sentences three times`, `${missed.length} and ${spurious.length}`);
  }
  const correct = gold.map((count, index) => count - (missed[index] ?? 0));
  const odd = correct.findIndex((count) => count < 0);
  if (odd >= 0) throw damaged(`at most ${gold[odd]} missed in sentence ${odd}`, `${missed[odd]}`);
  return { gold, predicted: correct.map((count, index) => count + (spurious[index] ?? 0)), correct };
}

/** Returns the sums over all sentences and their number, without unpacking; null if the texts are damaged. */
export function packedTotals(counts: PackedCounts): (SpanCounts & { readonly sentences: number }) | null {
  const [gold, missed, spurious] = [counts.gold, counts.missed, counts.spurious].map(totalsOf);
  if (gold == null || missed == null || spurious == null) return null;
  if (missed.sentences !== gold.sentences || spurious.sentences !== gold.sentences) return null;
  const correct = gold.sum - missed.sum;
  return { gold: gold.sum, predicted: correct + spurious.sum, correct, sentences: gold.sentences };
}

interface Run {
  readonly count: number;
  readonly times: number;
}

function packed(counts: Int32Array): string {
  const words: string[] = [];
  for (let start = 0; start < counts.length;) {
    let end = start + 1;
    while (end < counts.length && counts[end] === counts[start]) end++;
    const times = end - start;
    words.push(times === 1 ? `${counts[start]}` : `${counts[start]}*${times}`);
    start = end;
  }
  return words.join(' ');
}

/** Yields the runs of a text. Throws `metrics/packed`. */
function* runsOf(text: string): Generator<Run> {
  if (text === '') return;
  let sentences = 0;
  for (const word of text.split(' ')) {
    const found = /^(\d{1,6})(?:\*(\d{1,7}))?$/.exec(word);
    const count = Number(found?.[1] ?? -1);
    const times = Number(found?.[2] ?? 1);
    sentences += times;
    if (count < 0 || count > MOST_MENTIONS || times < 1) throw damaged('numbers such as 2 or 0*12', word.slice(0, 40));
    if (sentences > MOST_COUNTED_SENTENCES) throw damaged(`at most ${MOST_COUNTED_SENTENCES} sentences`, 'more');
    yield { count, times };
  }
}

function unpacked(text: string): Int32Array {
  const runs = [...runsOf(text)];
  const counts = new Int32Array(runs.reduce((sum, { times }) => sum + times, 0));
  let at = 0;
  for (const { count, times } of runs) counts.fill(count, at, (at += times));
  return counts;
}

function totalsOf(text: string): { readonly sum: number; readonly sentences: number } | null {
  try {
    const total = { sum: 0, sentences: 0 };
    for (const { count, times } of runsOf(text)) {
      total.sum += count * times;
      total.sentences += times;
    }
    return total;
  } catch (error) {
    if (error instanceof LabError) return null;
    throw error;
  }
}

function damaged(expected: string, got: string): LabError {
  return new LabError('metrics/packed', 'The counts of sentences are damaged.', { expected, got });
}
