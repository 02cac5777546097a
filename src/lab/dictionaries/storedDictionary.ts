// Declares what the lab does with dictionaries, reads files of terms into the store, and opens what is stored, in turns that can be cancelled.
import { countTerms, type DictionaryEntry, type DictionaryReading } from '../../data/dictionary/dictionary.ts';
import { readDictionary } from '../../data/dictionary/readDictionary.ts';
import type { DictionaryRecord } from '../../schema/dictionaryRecord.ts';
import { readCorpusSentences, readCorpusTexts } from '../../storage/corpusRecords.ts';
import { readDictionaryFile, saveDictionary } from '../../storage/dictionaryRecords.ts';
import type { Store } from '../../storage/store.ts';
import { fingerprintBytes } from '../../util/digest.ts';
import { baseName, type DroppedFile, type NamedFile } from '../../util/namedFile.ts';
import { inTurns, type WorkControl } from '../../util/work.ts';
import { freeName } from '../../util/wording.ts';
import type {
  DictionaryContext,
  ReadDictionary,
  SilverCorpus,
  SilverOrder,
  SilverSettings,
} from '../../wire/dictionaryProtocol.ts';
import { silverCorpus } from './silverCorpus.ts';

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
