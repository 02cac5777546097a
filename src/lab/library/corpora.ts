// Keeps the corpora of the library: makes them from files, gives each its own name, corrects, reads and removes them.
import {
  describeInTurns,
  describeSentences,
  SPLITS,
  type CorpusSentences,
  type CorpusSource,
  type Split,
} from '../../data/corpus/corpus.ts';
import type { Issue } from '../../data/corpus/issues.ts';
import type { CorpusTexts } from '../../data/documents/document.ts';
import type { RefusedCorpus } from '../../data/import/assembleCorpora.ts';
import { moveSource } from '../../data/import/movedSources.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import {
  listCorpusRecords,
  readCorpusSentences,
  readCorpusTexts,
  removeCorpus,
  saveCorpus,
  writeCorpusRecord,
} from '../../storage/corpusRecords.ts';
import type { Store } from '../../storage/store.ts';
import { macrotask, neverAborted } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { fileInMemory, type NamedFile } from '../../util/namedFile.ts';
import type { DropContext, DropReading, ReadCorpus } from '../../wire/readingProtocol.ts';
import type { Lab, LabState } from '../state/labState.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';
import type { FileReader } from './fileReader.ts';

const shownIssues = 3;
const namedCorpora = 3;
const namedTypes = 6;

interface CorporaParts {
  readonly store: Store;
  readonly reader: FileReader;
  readonly labStore: LabStore;
  /** Returns the ISO date and time. */
  readonly timestamp: () => string;
}

/** Keeps the corpora of the library; the lab passes `read` and `rename` on as they are. */
export class Corpora {
  private readonly parts: CorporaParts;

  constructor(parts: CorporaParts) {
    this.parts = parts;
  }

  /**
   * Reads these files, stores the corpora in them, and returns their ids, those that were already here included.
   * What cannot be used becomes a notice. Throws LabError `storage/full`.
   */
  async add(files: readonly NamedFile[], builtIn: boolean): Promise<readonly string[]> {
    const control = { signal: neverAborted, report: () => undefined };
    const reading = await this.parts.reader.readDrop(files.map(fileInMemory), this.dropContext(builtIn), control);
    const ids = this.show({ ...reading, unstored: [] }, builtIn);
    const [full] = reading.unstored;
    if (full !== undefined) throw LabError.fromData(full.error);
    return ids;
  }

  /** Returns what the reading of a drop needs to know of the library, without the corpora that it replaces. */
  dropContext(
    builtIn: boolean,
    { only, choices }: Pick<DropContext, 'only' | 'choices'> = { only: null, choices: new Map() },
    replaced: readonly string[] = [],
  ): DropContext {
    const remaining = this.shown.filter(({ id }) => !replaced.includes(id));
    const corpora = remaining.map(({ id, name }) => ({ id, name }));
    return { corpora, builtIn, addedAt: this.parts.timestamp(), only, choices };
  }

  /** Shows the corpora of a reading, which are stored, and returns their ids. */
  show(
    { corpora, refused, unstored }: Pick<DropReading, 'corpora' | 'refused' | 'unstored'>,
    builtIn: boolean,
  ): readonly string[] {
    const { labStore } = this.parts;
    for (const one of refused) notifyRefused(labStore, one);
    for (const { name, error } of unstored) {
      labStore.notifyError(`The corpus ${name} was not imported`, LabError.fromData(error));
    }
    for (const corpus of corpora) this.showRead(corpus, builtIn);
    if (!builtIn)
      notifyImported(
        labStore,
        corpora.flatMap(({ record }) => record?.id ?? []),
      );
    return corpora.map(({ id }) => id);
  }

  /** Shows what a reading stored before it was cancelled or failed. */
  async showStored(): Promise<void> {
    const { records } = await listCorpusRecords(this.parts.store);
    for (const record of records) if (this.existing(record.id) === undefined) this.put(record);
  }

  readonly read: Lab['readCorpus'] = async (corpusId) =>
    readCorpusSentences(this.parts.store, this.require(corpusId).id);

  /** Throws LabError `corpus/name` for an empty name or another corpus' name. */
  readonly rename: Lab['renameCorpus'] = async (corpusId, name) => {
    const record = this.require(corpusId);
    const renamed = { ...record, name: this.freeName(name, corpusId) };
    await writeCorpusRecord(this.parts.store, renamed);
    this.put(renamed);
  };

  /**
   * Stores a corpus of reviewed sentences, or of sentences with marked terms, and returns its id; where a corpus has the same sentences, that one's. Throws LabError `corpus/name` and
   * `storage/full`.
   */
  async addMade(
    name: string,
    made: {
      readonly sentences: CorpusSentences;
      readonly texts: CorpusTexts | null;
      readonly sources: readonly CorpusSource[];
    },
    origin: Pick<CorpusRecord, 'review' | 'silver'>,
  ): Promise<string> {
    const { labStore, store, timestamp } = this.parts;
    const description = await describeInTurns(made.sentences, macrotask);
    const id = description.fingerprint.slice(0, 16);
    const same = this.existing(id);
    if (same !== undefined) {
      labStore.notify('info', `The corpus ${same.name} has the same sentences already.`);
      return id;
    }
    const record: CorpusRecord = {
      version: 1,
      id,
      name: this.freeName(name, id),
      ...description,
      sources: [...made.sources],
      issues: [],
      issueCount: 0,
      builtIn: false,
      ...origin,
      addedAt: timestamp(),
    };
    await saveCorpus(store, record, made.sentences, made.texts);
    this.put(record);
    return id;
  }

  /** Moves one source file of a corpus to another split, and returns the new id of the corpus. */
  async moveSource(corpusId: string, file: string, split: Split): Promise<string> {
    const { store, labStore } = this.parts;
    const record = this.require(corpusId);
    const sentences = await readCorpusSentences(store, corpusId);
    const texts = await readCorpusTexts(store, corpusId);
    const moved = moveSource({ sentences, texts, sources: record.sources }, file, split);
    const description = describeSentences(moved.sentences);
    const id = description.fingerprint.slice(0, 16);
    if (id === corpusId) return id;
    const same = this.existing(id);
    if (same === undefined) {
      const corrected = { ...record, ...description, id, sources: [...moved.sources], builtIn: false };
      await saveCorpus(store, corrected, moved.sentences, moved.texts);
      this.put(corrected, corpusId);
    } else {
      labStore.notify('info', `${record.name} is now the same as ${same.name}, and only that one is kept.`);
      this.hide(corpusId);
    }
    await removeCorpus(store, corpusId);
    return id;
  }

  async remove(corpusId: string): Promise<void> {
    await removeCorpus(this.parts.store, this.require(corpusId).id);
    this.hide(corpusId);
  }

  /** Returns a name that no other corpus has. Throws LabError `corpus/name` for an empty name or another corpus' name. */
  private freeName(name: string, corpusId: string): string {
    const wanted = name.trim();
    if (wanted === '') throw new LabError('corpus/name', 'A corpus needs a name.');
    if (this.shown.some((other) => other.name === wanted && other.id !== corpusId)) {
      throw new LabError('corpus/name', 'Another corpus has this name.', { expected: 'a free name', got: wanted });
    }
    return wanted;
  }

  private get shown(): readonly CorpusRecord[] {
    return this.parts.labStore.getState().corpora;
  }

  private existing(corpusId: string): CorpusRecord | undefined {
    return this.shown.find(({ id }) => id === corpusId);
  }

  private require(corpusId: string): CorpusRecord {
    const record = this.existing(corpusId);
    if (record === undefined) throw new LabError('corpus/unknown', 'There is no such corpus.', { got: corpusId });
    return record;
  }

  /** Shows a record in the position of the one with the id `replacedId`, or after all others. */
  private put(record: CorpusRecord, replacedId: string = record.id): void {
    this.parts.labStore.update(({ corpora, unreadable }) => ({
      unreadable: withoutItem(unreadable, 'corpus', record.id),
      corpora: corpora.some(({ id }) => id === replacedId)
        ? corpora.map((other) => (other.id === replacedId ? record : other))
        : [...corpora, record],
    }));
  }

  private hide(corpusId: string): void {
    this.parts.labStore.update(({ corpora }) => ({ corpora: corpora.filter(({ id }) => id !== corpusId) }));
  }

  private showRead({ id, record, name, isMended }: ReadCorpus, builtIn: boolean): void {
    const { labStore } = this.parts;
    if (record === null) {
      const same = this.existing(id)?.name ?? name;
      const as = same === name ? 'and was not imported again' : `as ${same}`;
      if (isMended) labStore.notify('info', `What was stored of the corpus ${same} was damaged: it was written again.`);
      else if (!builtIn) labStore.notify('info', `The corpus ${name} is already here ${as}.`);
      return;
    }
    this.put(record);
    if (record.name !== name) {
      labStore.notify('info', `Another corpus is called ${name}, so this one with other sentences is ${record.name}.`);
    }
    notifyErrors(labStore, record);
  }
}

/** Says what was imported, a notice for each of a few corpora. */
function notifyImported(labStore: LabStore, ids: readonly string[]): void {
  const records = labStore.getState().corpora.filter(({ id }) => ids.includes(id));
  for (const record of records.slice(0, namedCorpora)) {
    labStore.notify('info', `Imported ${describeCorpus(record)}`, { about: { kind: 'corpus', id: record.id } });
  }
  const rest = records.slice(namedCorpora);
  if (rest.length === 0) return;
  const names = rest.slice(0, namedCorpora).map(({ name }) => name);
  const more = rest.length > namedCorpora ? ` and ${rest.length - namedCorpora} others` : '';
  labStore.notify('info', `Imported ${rest.length} more corpora: ${names.join(', ')}${more}.`, {
    about: { kind: 'corpora' },
  });
}

/** `NCBI-disease: 5,424 train, 923 devel and 940 test sentences. 1 task: Disease.` */
export function describeCorpus({ name, counts, types }: CorpusRecord): string {
  const sentences = SPLITS.map((split) => `${counts[split].sentences.toLocaleString('en-US')} ${split}`);
  const named = types.slice(0, namedTypes).join(', ') + (types.length > namedTypes ? ' …' : '');
  const tasks = types.length === 1 ? '1 task' : `${types.length} tasks`;
  const what = types.length === 0 ? 'No mention is annotated.' : `${tasks}: ${named}.`;
  return `${name}: ${sentences.slice(0, 2).join(', ')} and ${sentences[2]} sentences. ${what}`;
}

function notifyErrors(labStore: LabStore, { name, issues, issueCount }: CorpusRecord): void {
  const errors = issues.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  labStore.notify('warning', `${name}: some sentences were left out. ${describeIssues(errors, issueCount)}`);
}

function notifyRefused(labStore: LabStore, { name, issues, issueCount }: RefusedCorpus): void {
  labStore.notify('error', `${name} has no usable sentence. ${describeIssues(issues, issueCount)}`);
}

/** Describes the first few issues with file and line. */
function describeIssues(issues: readonly Issue[], count: number): string {
  const reported = issues.slice(0, shownIssues).map(({ file, line, message }) => {
    const path = line === null ? file : `${file}, line ${line}`;
    return `${path}: ${message}`;
  });
  const rest = count - reported.length;
  return rest > 0 ? `${reported.join(' ')} And ${rest} more.` : reported.join(' ');
}

/** Throws LabError `corpus/in-use` or `model/in-use` while waiting or running runs need the input. */
export function refuseInUse(state: LabState, noun: 'corpus' | 'model', id: string): void {
  const open = state.runs.filter(({ record }) => record.status === 'queued' || record.status === 'running');
  const isOf = ({ spec }: RunRecord): boolean =>
    noun === 'model' ? spec.model.id === id : spec.tasks.some(({ corpus }) => corpus.id === id);
  const count = open.filter(({ record }) => isOf(record)).length;
  if (count === 0) return;
  throw new LabError(`${noun}/in-use`, `This ${noun} is being trained on: pause or stop its runs first.`, {
    expected: 'no waiting or running run',
    got: `${count}`,
  });
}
