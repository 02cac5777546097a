// Makes a corpus of a review: which sentences and mentions it has, how they are divided into splits, and what a person decided.
import {
  SPLITS,
  type CorpusSentences,
  type CorpusSource,
  type ReviewSource,
  type Sentence,
  type Split,
} from '../../data/corpus/corpus.ts';
import { uniqueIds, type CorpusTexts, type DocumentText } from '../../data/documents/document.ts';
import { documentsOfSentences } from '../../data/documents/documentSentences.ts';
import type { ReviewProvenance } from '../../schema/corpusRecord.ts';
import type { ReviewStep } from '../../schema/reviewRecord.ts';
import { LabError } from '../../util/labError.ts';
import { Rng } from '../../util/random.ts';
import { freeName } from '../../util/wording.ts';
import type { Review } from './review.ts';
import { isTaken, type ReviewedSentence } from './reviewedSentence.ts';

/** How the sentences are divided: all for training, a tenth each for devel and test, or all as training text beside another corpus. */
export type ReviewDivision =
  | { readonly kind: 'train' }
  | { readonly kind: 'divided'; readonly seed: number }
  | { readonly kind: 'joined'; readonly corpusId: string };

export interface ReviewSelection {
  /** Whether sentences that no person reviewed are left out. */
  readonly onlyReviewed: boolean;
  /** Confidence from which mentions without a decision are taken. */
  readonly threshold: number;
  readonly division: ReviewDivision;
}

/** A corpus as it is stored, which reviewed sentences are joined with. */
export interface CorpusContent {
  readonly name: string;
  readonly sentences: CorpusSentences;
  readonly texts: CorpusTexts | null;
  readonly sources: readonly CorpusSource[];
}

export type ReviewTally = Pick<
  ReviewProvenance,
  'reviewedSentences' | 'untouchedSentences' | 'accepted' | 'changed' | 'added' | 'untouched' | 'rejected'
>;

/** Counts what a person decided in the sentences that a corpus of the review would have. */
export function tallyReview(
  { sentences }: Pick<Review, 'sentences'>,
  { onlyReviewed, threshold }: Pick<ReviewSelection, 'onlyReviewed' | 'threshold'>,
): ReviewTally {
  const tally = { reviewedSentences: 0, untouchedSentences: 0, accepted: 0, changed: 0, added: 0, untouched: 0, rejected: 0 }; // prettier-ignore
  for (const { isReviewed, mentions } of sentences) {
    if (!isReviewed && onlyReviewed) continue;
    tally[isReviewed ? 'reviewedSentences' : 'untouchedSentences']++;
    for (const mention of mentions) {
      if (!isTaken(mention, threshold)) tally.rejected++;
      else if (mention.origin !== 'tagger') tally.added++;
      else if (mention.was !== null) tally.changed++;
      else tally[mention.decision === 'accepted' ? 'accepted' : 'untouched']++;
    }
  }
  return tally;
}

/** Sentences in which a person decided something, but not everything: a corpus of reviewed sentences lacks them. */
export function countBegun({ sentences }: Pick<Review, 'sentences'>): number {
  return sentences.filter(isBegun).length;
}

/** Whether a person decided something in a sentence that is not marked as reviewed. */
export function isBegun({ isReviewed, mentions }: ReviewedSentence): boolean {
  return (
    !isReviewed &&
    mentions.some(({ decision, origin, choice }) => decision !== 'open' || origin !== 'tagger' || choice !== undefined)
  );
}

/** Fewer sentences are not divided. */
export const FEWEST_DIVIDED = 10;

/**
 * Returns the sentences, texts and sources of a corpus. Documents keep their text and offsets, also where some of their sentences are left out.
 * Throws LabError `review/empty` without a sentence, and `review/few` for fewer than ten to divide.
 */
export function corpusOfReview(
  review: Review,
  source: string,
  selection: ReviewSelection,
  joined: CorpusContent | null,
): { readonly sentences: CorpusSentences; readonly texts: CorpusTexts; readonly sources: readonly CorpusSource[] } {
  const chosen = review.sentences.flatMap(({ isReviewed }, index) => {
    return isReviewed || !selection.onlyReviewed ? [index] : [];
  });
  if (chosen.length === 0) {
    throw new LabError('review/empty', 'The corpus would have no sentence.', {
      expected: selection.onlyReviewed ? 'at least one reviewed sentence, or all sentences' : 'a sentence',
      got: `${review.reviewedCount} reviewed of ${review.sentences.length}`,
    });
  }
  const splitOf = splitsOf(review, chosen, selection.division);
  const own = Object.fromEntries(
    SPLITS.map((split) => [split, partOf(review, chosen.filter((index) => splitOf(index) === split), selection.threshold)]), // prettier-ignore
  ) as Readonly<Record<Split, Part>>;
  const base = joined === null ? null : { ...joined, texts: joined.texts ?? textsOfSentences(joined) };
  const documents = SPLITS.flatMap((split) => [
    ...(base?.texts[split] ?? []).map((document) => ({ split, document, isOwn: false })),
    ...own[split].documents.map((document) => ({ split, document, isOwn: true })),
  ]);
  const named = uniqueIds(documents.map(({ document }) => document));
  const of = <Item>(make: (split: Split) => Item) => ({
    train: make('train'),
    devel: make('devel'),
    test: make('test'),
  });
  return {
    sentences: of((split) => [...(base?.sentences[split] ?? []), ...own[split].sentences]),
    texts: of((split) => named.filter((_, index) => documents[index]?.split === split)),
    sources: SPLITS.flatMap((split) => [
      ...(base?.sources ?? []).filter((one) => one.split === split),
      ...(own[split].sentences.length === 0 ? [] : [sourceOf(source, split, own[split], base)]),
    ]),
  };
}

/** Returns the split of each chosen sentence: whole documents together where there are enough of them. */
function splitsOf({ places }: Review, chosen: readonly number[], division: ReviewDivision): (index: number) => Split {
  if (division.kind !== 'divided') return () => 'train';
  if (chosen.length < FEWEST_DIVIDED) {
    throw new LabError('review/few', 'These are too few sentences to divide into train, devel and test.', {
      expected: `at least ${FEWEST_DIVIDED} sentences`,
      got: `${chosen.length}`,
    });
  }
  return splitsBySeed(chosen, (index) => places[index]?.document ?? 0, division.seed);
}

/** Draws a tenth of the sentences each for devel and test, whole documents together where there are ten or more. */
export function splitsBySeed(
  chosen: readonly number[],
  documentOf: (index: number) => number,
  seed: number,
): (index: number) => Split {
  const isByDocument = new Set(chosen.map(documentOf)).size >= FEWEST_DIVIDED;
  const unitOf = (index: number): number => (isByDocument ? documentOf(index) : index);
  const units = [...new Set(chosen.map(unitOf))];
  const shuffled = Rng.seeded(seed).fork('review').shuffled(units);
  const tenth = Math.round(units.length / 10);
  const devel = new Set(shuffled.slice(0, tenth));
  const test = new Set(shuffled.slice(tenth, 2 * tenth));
  return (index) => (devel.has(unitOf(index)) ? 'devel' : test.has(unitOf(index)) ? 'test' : 'train');
}

interface Part {
  readonly sentences: readonly Sentence[];
  readonly documents: readonly DocumentText[];
}

function partOf({ documents, places, sentences }: Review, chosen: readonly number[], threshold: number): Part {
  const made: Sentence[] = [];
  const texts: { id: string; text: string; sentences: DocumentText['sentences'][number][] }[] = [];
  let last = -1;
  for (const index of chosen) {
    const place = places[index];
    const document = place && documents[place.document];
    const spans = place && document?.sentences[place.sentence];
    if (place === undefined || document === undefined || spans === undefined) continue;
    if (place.document !== last) texts.push({ id: document.id, text: document.text, sentences: [] });
    last = place.document;
    texts.at(-1)?.sentences.push(spans);
    made.push({
      tokens: spans.map(({ start, end }) => document.text.slice(start, end)),
      mentions: (sentences[index]?.mentions ?? [])
        .filter((mention) => isTaken(mention, threshold))
        .map(({ type, start, end, choice }) => ({ type, start, end, ...(choice != null && { link: choice }) })),
    });
  }
  return { sentences: made, documents: texts };
}

function sourceOf(
  source: string,
  split: Split,
  { sentences, documents }: Part,
  base: CorpusContent | null,
): ReviewSource {
  const plain = split === 'train' ? source : `${source} (${split})`;
  const file = freeName(plain, (base?.sources ?? []).map((one) => one.file)); // prettier-ignore
  const sizeBytes = documents.reduce((sum, { text }) => sum + text.length, 0);
  return { file, split, format: 'Review', documents: documents.length, sentences: sentences.length, sizeBytes };
}

const SENTENCES_A_DOCUMENT = 50;

/** A corpus of rows has no texts: its tokens joined by spaces are, those of each file apart. */
function textsOfSentences({ name, sentences, sources }: CorpusContent): CorpusTexts {
  const of = (split: Split): readonly DocumentText[] => {
    let next = 0;
    return sources.flatMap((source) => {
      if (source.split !== split) return [];
      const own = sentences[split].slice(next, (next += source.sentences));
      return documentsOfSentences(own, `${name}-${split}`, SENTENCES_A_DOCUMENT);
    });
  };
  return { train: of('train'), devel: of('devel'), test: of('test') };
}

/** What the lab does with reviews; `LabState.tagging` holds the one that is open. */
export interface LabReviews {
  /** Opens a stored review in place of what was tagged last. Rejects with `review/unknown`, and `tagger/busy` while text is being tagged. */
  open(reviewId: string): Promise<void>;
  /** Applies a step to the open review and stores it; answers with why it is impossible, or null. Throws `lab/elsewhere`. */
  step(step: ReviewStep): string | null;
  /** Resolves once what was tagged and every step so far are stored. */
  stored(): Promise<void>;
  remove(reviewId: string): Promise<void>;
  /** Stores the reviewed sentences as a corpus; returns its id. Rejects with `review/...`, `corpus/name` and `storage/full`. */
  saveCorpus(name: string, selection: ReviewSelection): Promise<string>;
}
