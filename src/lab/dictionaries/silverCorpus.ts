// Makes a corpus of text in which the terms of a dictionary are marked: which sentences it has, their splits, and where they come from.
import { SPLITS, type CorpusSentences, type Sentence, type Split } from '../../data/corpus/corpus.ts';
import type { ReviewSource } from '../../data/corpus/corpusSource.ts';
import type { DictionaryEntry } from '../../data/dictionary/dictionary.ts';
import { silverText, type SilverReport } from '../../data/dictionary/silverText.ts';
import { MOST_LISTED } from '../../data/dictionary/termMatcher.ts';
import type { AnnotatedDocument, CorpusTexts, DocumentText } from '../../data/documents/document.ts';
import { uniqueIds } from '../../data/documents/documentNames.ts';
import { sentencesOfDocument } from '../../data/documents/documentSentences.ts';
import type { DictionaryRecord, SilverProvenance } from '../../schema/dictionaryRecord.ts';
import { LabError } from '../../util/labError.ts';
import type { Work } from '../../util/work.ts';
import type { SilverCorpus, SilverDivision, SilverSettings } from '../../wire/dictionaryProtocol.ts';
import { FEWEST_DIVIDED, splitsBySeed } from '../review/reviewCorpus.ts';

/** The text to mark: documents, or the sentences of a corpus. */
export type SilverSource =
  | { readonly kind: 'documents'; readonly name: string; readonly documents: readonly AnnotatedDocument[] }
  | {
      readonly kind: 'corpus';
      readonly name: string;
      readonly sentences: CorpusSentences;
      readonly texts: CorpusTexts | null;
    };

/** A sentence of the source. */
interface SourceSentence {
  readonly sentence: Sentence;
  readonly split: Split;
  /** The document it is in, and its index there; null for rows of tokens. */
  readonly place: { readonly document: number; readonly index: number } | null;
}

/**
 * Marks terms and divides the sentences. Throws LabError `dictionary/no-text` for a source without a sentence, `dictionary/few` for too few to divide,
 * and `dictionary/types` where the annotated test sentences lack every type that is marked.
 */
export function* silverCorpus(
  entries: readonly DictionaryEntry[],
  source: SilverSource,
  { rules, type, division }: SilverSettings,
): Work<SilverCorpus> {
  const { items, documents } = sentencesOf(source);
  if (items.length === 0) throw new LabError('dictionary/no-text', 'There is no sentence to mark terms in.', { got: source.name }); // prettier-ignore
  const marked = yield* silverText(entries, items.map(({ sentence }) => sentence), rules, type); // prettier-ignore
  const splitOf = splitOfItems(items, division);
  const made = items.map(({ sentence, split }, index) => {
    const isAnnotated = division.kind === 'own' && division.test === 'annotated' && split === 'test';
    return isAnnotated ? sentence : (marked.sentences[index] ?? sentence);
  });
  if (division.kind === 'own' && division.test === 'annotated') refuseOtherTypes(items, marked.report);
  const indicesOf = (split: Split): readonly number[] => [...items.keys()].filter((index) => splitOf(index) === split);
  const sentencesIn = (split: Split): readonly Sentence[] => indicesOf(split).flatMap((index) => made[index] ?? []);
  const parts = SPLITS.map((split) => ({ split, documents: documents === null ? null : documentsOf(indicesOf(split), items, documents) })); // prettier-ignore
  const named = uniqueIds(parts.flatMap((part) => part.documents ?? []));
  let next = 0;
  const texts = parts.map((part) => named.slice(next, (next += part.documents?.length ?? 0)));
  return {
    sentences: { train: sentencesIn('train'), devel: sentencesIn('devel'), test: sentencesIn('test') },
    texts: documents === null ? null : { train: texts[0] ?? [], devel: texts[1] ?? [], test: texts[2] ?? [] },
    sources: SPLITS.flatMap((split, index) => sourceOf(source.name, split, sentencesIn(split), texts[index] ?? [])),
    report: marked.report,
  };
}

/** Says how a corpus came about, for its record. */
export function silverProvenance(
  { name, file, fingerprint, entries, licence }: DictionaryRecord,
  source: string,
  { rules, type, division }: SilverSettings,
  { withoutId, unmarked, ambiguous, ambiguousCount, leftOut, leftOutCount }: SilverReport,
  madeAt: string,
): SilverProvenance {
  const listed = ambiguous.slice(0, MOST_LISTED);
  return {
    dictionary: { name, file, fingerprint, entries, licence },
    rules: { ...rules },
    type,
    source,
    seed: division.kind === 'divided' ? division.seed : null,
    hasAnnotatedTest: division.kind === 'own' && division.test === 'annotated',
    withoutId,
    unmarked,
    ambiguous: listed.map(({ term, ids, types, occurrences }) => ({ term, ids: [...ids], types: [...types], occurrences })), // prettier-ignore
    ambiguousCount,
    leftOut: leftOut.map((one) => ({ ...one })),
    leftOutCount,
    madeAt,
  };
}

function sentencesOf(source: SilverSource): {
  readonly items: readonly SourceSentence[];
  readonly documents: readonly DocumentText[] | null;
} {
  if (source.kind === 'documents') {
    const { documents } = source;
    const items = documents.flatMap(
      (one, document) =>
      sentencesOfDocument(one).map((sentence, index): SourceSentence => ({ sentence, split: 'train', place: { document, index } })), // prettier-ignore
    );
    return { items, documents };
  }
  const { sentences, texts } = source;
  if (texts === null) {
    const items = SPLITS.flatMap((split) => sentences[split].map((sentence) => ({ sentence, split, place: null })));
    return { items, documents: null };
  }
  const documents = SPLITS.flatMap((split) => texts[split]);
  let document = 0;
  const items = SPLITS.flatMap((split) => {
    const places = texts[split].flatMap((one) => {
      const own = document++;
      return one.sentences.map((_, index) => ({ document: own, index }));
    });
    return sentences[split].map((sentence, index) => ({ sentence, split, place: places[index] ?? null }));
  });
  return { items, documents };
}

function splitOfItems(items: readonly SourceSentence[], division: SilverDivision): (index: number) => Split {
  if (division.kind === 'train') return () => 'train';
  if (division.kind === 'own') return (index) => items[index]?.split ?? 'train';
  if (items.length < FEWEST_DIVIDED) {
    throw new LabError('dictionary/few', 'These are too few sentences to divide into train, devel and test.', {
      expected: `at least ${FEWEST_DIVIDED} sentences`,
      got: `${items.length}`,
    });
  }
  return splitsBySeed([...items.keys()], (index) => items[index]?.place?.document ?? 0, division.seed);
}

function refuseOtherTypes(items: readonly SourceSentence[], { marked }: SilverReport): void {
  const annotated = new Set(items.flatMap(({ split, sentence }) => (split === 'test' ? sentence.mentions.map(({ type }) => type) : []))); // prettier-ignore
  if (Object.keys(marked).some((one) => annotated.has(one))) return;
  throw new LabError('dictionary/types', 'The test sentences are annotated with other types than the terms have.', {
    expected: `terms of type ${[...annotated].join(', ') || 'none: the test sentences have no annotation'}`,
    got: Object.keys(marked).join(', ') || 'no term in the text',
  });
}

/** The documents of some sentences, each with these alone. */
function documentsOf(
  indices: readonly number[],
  items: readonly SourceSentence[],
  documents: readonly DocumentText[],
): readonly DocumentText[] {
  const made: { id: string; text: string; sentences: DocumentText['sentences'][number][] }[] = [];
  let last = -1;
  for (const index of indices) {
    const place = items[index]?.place;
    const document = place && documents[place.document];
    const spans = place && document?.sentences[place.index];
    if (place == null || document == null || spans == null) continue;
    if (place.document !== last) made.push({ id: document.id, text: document.text, sentences: [] });
    last = place.document;
    made.at(-1)?.sentences.push(spans);
  }
  return made;
}

function sourceOf(
  name: string,
  split: Split,
  sentences: readonly Sentence[],
  documents: readonly DocumentText[],
): readonly ReviewSource[] {
  if (sentences.length === 0) return [];
  const characters = documents.length > 0 ? documents.map(({ text }) => text.length) : sentences.map(({ tokens }) => tokens.join(' ').length + 1); // prettier-ignore
  const sizeBytes = characters.reduce((sum, length) => sum + length, 0);
  const file = split === 'train' ? name : `${name} (${split})`;
  return [{ file, split, format: 'Dictionary', documents: documents.length, sentences: sentences.length, sizeBytes }];
}
