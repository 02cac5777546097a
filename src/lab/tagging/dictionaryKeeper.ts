// Keeps the dictionaries of the library: reads them from files, describes and removes them, and marks their terms in text as a corpus.
import type { DictionaryRecord } from '../../schema/corpusRecord.ts';
import { readCorpusSentences } from '../../storage/corpusRecords.ts';
import { listDictionaryRecords, removeDictionary, writeDictionaryRecord } from '../../storage/dictionaryRecords.ts';
import type { UnreadableItem } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { unlessAborted } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { baseName, type DroppedFile } from '../../util/namedFile.ts';
import type { SilverCorpus, SilverOrder, SilverSettings } from '../../wire/readingProtocol.ts';
import type { LabDictionaries, TermsSource } from '../dictionaries/storedDictionary.ts';
import type { Corpora } from '../library/corpora.ts';
import type { FileReader } from '../library/fileReader.ts';
import { phaseProgress, withoutItem, type JobControl, type LabStore } from '../state/labStore.ts';

export interface DictionaryParts {
  readonly store: Store;
  readonly reader: FileReader;
  readonly labStore: LabStore;
  readonly corpora: Corpora;
  /** Returns the ISO date and time. */
  readonly timestamp: () => string;
  /** Does work that changes what is stored, or frees storage, where this tab may. */
  readonly changing: <Value>(work: () => Promise<Value>) => Promise<Value>;
  readonly removing: (work: () => Promise<void>) => Promise<void>;
}

export class DictionaryKeeper implements LabDictionaries {
  private readonly parts: DictionaryParts;

  constructor(parts: DictionaryParts) {
    this.parts = parts;
  }

  /** Shows the stored dictionaries, and answers with those that cannot be read. */
  async restore(): Promise<readonly UnreadableItem[]> {
    const { records, unreadable } = await listDictionaryRecords(this.parts.store);
    this.parts.labStore.update(() => ({ dictionaries: records }));
    return unreadable;
  }

  readonly add: LabDictionaries['add'] = async (files) => {
    const ids: string[] = [];
    for (const file of files) {
      try {
        const id = await this.parts.labStore.during(`Reading ${baseName(file.path)}`, (job) => this.read(file, job), { cancellable: true }); // prettier-ignore
        if (id !== null) ids.push(id);
      } catch (error) {
        this.parts.labStore.notifyError(`${baseName(file.path)} was refused`, error);
      }
    }
    return ids;
  };

  readonly describe: LabDictionaries['describe'] = async (id, change) => {
    const record = this.require(id);
    const name = (change.name ?? record.name).trim();
    if (name === '') throw new LabError('dictionary/name', 'A dictionary needs a name.');
    if (this.records.some((other) => other.id !== id && other.name === name)) {
      throw new LabError('dictionary/name', 'Another dictionary has this name.', {
        expected: 'a free name',
        got: name,
      });
    }
    const changed = { ...record, ...change, name };
    await writeDictionaryRecord(this.parts.store, changed);
    this.put(changed);
  };

  readonly remove: LabDictionaries['remove'] = async (id) => {
    await removeDictionary(this.parts.store, this.require(id).id);
    this.parts.labStore.update(({ dictionaries }) => ({ dictionaries: dictionaries.filter((one) => one.id !== id) }));
  };

  readonly markTerms: LabDictionaries['markTerms'] = async ({ dictionaryId, source, name, ...settings }) => {
    const { labStore, corpora, timestamp } = this.parts;
    const dictionary = this.require(dictionaryId);
    const work = (job: JobControl) => unlessAborted(job.signal, () => this.mark(dictionaryId, source, settings, job));
    const marked = await labStore.during(`Marking terms of ${dictionary.name}`, work, { cancellable: true });
    if (marked === null) return null;
    const { silverProvenance } = await import('../dictionaries/storedDictionary.ts');
    const { made, from } = marked;
    return corpora.addMade(name, made, { silver: silverProvenance(dictionary, from, settings, made.report, timestamp()) }); // prettier-ignore
  };

  private async read(file: DroppedFile, { signal, report }: JobControl): Promise<string | null> {
    const { reader, labStore, timestamp } = this.parts;
    const context = { dictionaries: this.records.map(({ id, name }) => ({ id, name })), addedAt: timestamp() };
    const read = await unlessAborted(signal, () => reader.readDictionary(file, context, { signal, report: phaseProgress(report) })); // prettier-ignore
    if (read === null) {
      // It may have been stored just before.
      await this.restore();
      return null;
    }
    const { record, isNew } = read;
    if (isNew) this.put(record);
    const count = `${record.entries.toLocaleString('en-US')} entries with ${record.terms.toLocaleString('en-US')} terms`;
    const message = isNew ? `Read ${record.name} (${record.understood}): ${count}.` : `The dictionary ${record.file} is already here.`; // prettier-ignore
    labStore.notify('info', message, { about: { kind: 'dictionaries' } });
    return record.id;
  }

  private async mark(
    dictionaryId: string,
    source: TermsSource,
    settings: SilverSettings,
    { signal, report }: JobControl,
  ): Promise<{ readonly made: SilverCorpus; readonly from: string }> {
    const { reader, store, labStore } = this.parts;
    const control = { signal, report: phaseProgress(report) };
    const order = async (): Promise<SilverOrder> => {
      if (source.kind === 'corpus') {
        const record = labStore.getState().corpora.find(({ id }) => id === source.corpusId);
        if (record === undefined) throw new LabError('corpus/unknown', 'There is no such corpus.', { got: source.corpusId }); // prettier-ignore
        return { dictionaryId, source: record.name, text: { corpusId: record.id }, settings };
      }
      const { readTextSource } = await import('./predictions.ts');
      const { documents, issues } = await readTextSource(source, {
        nameOf: () => 'text',
        read: (corpusId) => readCorpusSentences(store, corpusId),
        textsOf: () => Promise.resolve(null),
        readFiles: (files) => reader.readTexts(files, control),
      });
      for (const { file, message } of issues.slice(0, 3)) labStore.notify('warning', `${file}: ${message}`);
      const [first] = source.kind === 'files' ? source.files : [];
      const name = source.kind === 'text' ? 'text' : source.files.length === 1 && first !== undefined ? baseName(first.path) : `${source.files.length} files`; // prettier-ignore
      return { dictionaryId, source: name, text: { documents }, settings };
    };
    const made = await order();
    return { made: await reader.markTerms(made, control), from: made.source };
  }

  private get records(): readonly DictionaryRecord[] {
    return this.parts.labStore.getState().dictionaries;
  }

  private require(id: string): DictionaryRecord {
    const record = this.records.find((one) => one.id === id);
    if (record === undefined) throw new LabError('dictionary/unknown', 'There is no such dictionary.', { got: id });
    return record;
  }

  private put(record: DictionaryRecord): void {
    this.parts.labStore.update(({ dictionaries, unreadable }) => ({
      unreadable: withoutItem(unreadable, 'dictionary', record.id),
      dictionaries: dictionaries.some(({ id }) => id === record.id)
        ? dictionaries.map((other) => (other.id === record.id ? record : other))
        : [...dictionaries, record],
    }));
  }
}
