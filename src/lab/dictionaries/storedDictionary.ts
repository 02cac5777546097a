// Reads files of terms into the store, opens stored dictionaries, and makes corpora of text in which their terms are marked.
import {
  SPLITS,
  type CorpusSentences,
  type ReviewSource,
  type Sentence,
  type Split,
} from '../../data/corpus/corpus.ts';
import { countTerms, type DictionaryEntry, type DictionaryReading } from '../../data/dictionary/dictionary.ts';
import { readDictionary } from '../../data/dictionary/readDictionary.ts';
import { MOST_LISTED, silverText, type SilverReport } from '../../data/dictionary/termMatcher.ts';
import {
  uniqueIds,
  type AnnotatedDocument,
  type CorpusTexts,
  type DocumentText,
} from '../../data/documents/document.ts';
import { sentencesOfDocument } from '../../data/documents/documentSentences.ts';
import type { DictionaryRecord, SilverProvenance } from '../../schema/corpusRecord.ts';
import { readCorpusSentences, readCorpusTexts } from '../../storage/corpusRecords.ts';
import { readDictionaryFile, saveDictionary } from '../../storage/dictionaryRecords.ts';
import type { Store } from '../../storage/store.ts';
import { inTurns, type Work, type WorkControl } from '../../util/clock.ts';
import { fingerprintBytes } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { baseName, type DroppedFile, type NamedFile } from '../../util/namedFile.ts';
import { freeName } from '../../util/wording.ts';
import type {
  DictionaryContext,
  ReadDictionary,
  SilverCorpus,
  SilverDivision,
  SilverOrder,
  SilverSettings,
} from '../../wire/readingProtocol.ts';
import { FEWEST_DIVIDED, splitsBySeed } from '../review/reviewCorpus.ts';

// Declares what the lab does with dictionaries, reads files of terms into the store, and opens what is stored, in turns that can be cancelled.

/** Text in which terms are marked. */
export type TermsSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'files'; readonly files: readonly DroppedFile[] }
  /** All splits of a corpus; its annotation is ignored. */
  | { readonly kind: 'corpus'; readonly corpusId: string };

export interface TermsRequest extends SilverSettings {
  readonly dictionaryId: string;
  readonly source: TermsSource;
  /** The name of the corpus to make. */
  readonly name: string;
}

/** What the lab does with dictionaries; `LabState.dictionaries` lists them. */
export interface LabDictionaries {
  /** Reads files of terms, each as a cancellable job, and returns the ids of the dictionaries; what cannot be read becomes a notice. */
  add(files: readonly DroppedFile[]): Promise<readonly string[]>;
  /** Changes the name or the note on licence and origin. Throws `dictionary/unknown` and `dictionary/name`. */
  describe(id: string, change: Partial<Pick<DictionaryRecord, 'name' | 'licence'>>): Promise<void>;
  remove(id: string): Promise<void>;
  /**
   * Marks terms in text and stores it as a corpus, as a cancellable job; returns the id of the corpus, null when cancelled. Rejects with `dictionary/...`,
   * `corpus/name` and `storage/full`.
   */
  markTerms(request: TermsRequest): Promise<string | null>;
}

/**
 * Reads a file of terms and stores it, unless it is stored. Throws LabError `dictionary/...` for a file that cannot be read, `storage/full`, and the reason of
 * the signal.
 */
export async function storeDictionary(
  dropped: DroppedFile,
  { dictionaries, addedAt }: DictionaryContext,
  store: Store,
  control: WorkControl,
): Promise<ReadDictionary> {
  const bytes = await dropped.bytes();
  control.signal.throwIfAborted();
  const file: NamedFile = { path: baseName(dropped.path), bytes };
  const reading = await inTurns(readDictionary(file), control);
  const fingerprint = await fingerprintBytes(bytes);
  const names = dictionaries.filter(({ id }) => !fingerprint.startsWith(id)).map(({ name }) => name);
  const record = recordOf(file, fingerprint, freeName(file.path.replace(/(\.[a-z]+)?(\.gz)?$/i, '') || 'dictionary', names), addedAt, reading); // prettier-ignore
  const isNew = !dictionaries.some(({ id }) => id === record.id);
  if (isNew) await saveDictionary(store, record, bytes);
  return { record, isNew };
}

function recordOf(
  { path, bytes }: NamedFile,
  fingerprint: string,
  name: string,
  addedAt: string,
  { format, understood, entries, obsolete, issues }: DictionaryReading,
): DictionaryRecord {
  const types = new Map<string, number>();
  for (const { type } of entries) if (type !== null) types.set(type, (types.get(type) ?? 0) + 1);
  return {
    version: 1,
    id: fingerprint.slice(0, 16),
    name,
    fingerprint,
    file: path,
    sizeBytes: bytes.byteLength,
    format,
    understood,
    entries: entries.length,
    terms: countTerms(entries),
    types: Object.fromEntries([...types].sort((left, right) => right[1] - left[1])),
    obsolete,
    issues: [...issues.listed],
    issueCount: issues.count,
    licence: '',
    addedAt,
  };
}

/** Opens a stored dictionary. Throws LabError `storage/missing` and `storage/corrupt`. */
export async function openDictionary(
  store: Store,
  id: string,
  control: WorkControl,
): Promise<{ readonly record: DictionaryRecord; readonly entries: readonly DictionaryEntry[] }> {
  const { record, file } = await readDictionaryFile(store, id);
  const { entries } = await inTurns(readDictionary(file), control);
  return { record, entries };
}

/** Marks terms of a stored dictionary. Throws as `silverCorpus` and `openDictionary` do. */
export async function markTerms(
  { dictionaryId, source: name, text, settings }: SilverOrder,
  store: Store,
  control: WorkControl,
): Promise<SilverCorpus> {
  const { entries } = await openDictionary(store, dictionaryId, control);
  const source =
    'documents' in text
      ? ({ kind: 'documents', name, documents: text.documents } as const)
      : ({
          kind: 'corpus',
          name,
          sentences: await readCorpusSentences(store, text.corpusId),
          texts: await readCorpusTexts(store, text.corpusId),
        } as const);
  return inTurns(silverCorpus(entries, source, settings), control);
}

// Makes a corpus of text in which the terms of a dictionary are marked: which sentences it has, their splits, and where they come from.

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
