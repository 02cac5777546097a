// Keeps the corpora of the library: makes them from files, gives each its own name, corrects, reads and removes them.
import type { CorpusSentences, Split } from '../../data/corpus/corpus.ts';
import { describeSentences } from '../../data/corpus/describeSentences.ts';
import type { Issue } from '../../data/corpus/issues.ts';
import { assembleCorpora, type AssembledCorpus, type RefusedCorpus } from '../../data/import/assembleCorpora.ts';
import { moveSource } from '../../data/import/splits.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import {
  readCorpusSentences,
  readCorpusTexts,
  removeCorpus,
  saveCorpus,
  saveCorpusTexts,
  writeCorpusRecord,
} from '../../storage/corpusRecords.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import type { Lab, LabState } from '../state/labState.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';

const shownIssues = 3;

interface CorporaParts {
  readonly store: Store;
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
   * Saves the corpora in these files and returns their ids, those that were already here included.
   * What cannot be used becomes a notice. Throws LabError `storage/full`.
   */
  async add(files: readonly NamedFile[], builtIn: boolean): Promise<readonly string[]> {
    const { corpora, refused } = assembleCorpora(files);
    for (const one of refused) notifyRefused(this.parts.labStore, one);
    const ids: string[] = [];
    for (const corpus of corpora) ids.push(await this.save(corpus, builtIn));
    return ids;
  }

  readonly read: Lab['readCorpus'] = async (corpusId) =>
    readCorpusSentences(this.parts.store, this.require(corpusId).id);

  /** Throws LabError `corpus/name` for an empty name or another corpus' name. */
  readonly rename: Lab['renameCorpus'] = async (corpusId, name) => {
    const record = this.require(corpusId);
    const wanted = name.trim();
    if (wanted === '') throw new LabError('corpus/name', 'A corpus needs a name.');
    if (this.shown.some((other) => other.name === wanted && other.id !== corpusId)) {
      throw new LabError('corpus/name', 'Another corpus has this name.', { expected: 'a free name', got: wanted });
    }
    const renamed = { ...record, name: wanted };
    await writeCorpusRecord(this.parts.store, renamed);
    this.show(renamed);
  };

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
      this.show(corrected, corpusId);
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
  private show(record: CorpusRecord, replacedId: string = record.id): void {
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

  /** Saves a corpus that is not here yet, and returns its id. */
  private async save(corpus: AssembledCorpus, builtIn: boolean): Promise<string> {
    const { store, labStore, timestamp } = this.parts;
    const { name, sentences, texts, ...description } = corpus;
    const id = description.fingerprint.slice(0, 16);
    const same = this.existing(id);
    if (same !== undefined) {
      const isMended = await this.mend(same, sentences, texts);
      const as = same.name === name ? 'and was not imported again' : `as ${same.name}`;
      if (isMended)
        labStore.notify('info', `What was stored of the corpus ${same.name} was damaged: it was written again.`);
      else if (!builtIn) labStore.notify('info', `The corpus ${name} is already here ${as}.`);
      return id;
    }
    const ownName = freeName(name, this.shown);
    const record: CorpusRecord = { version: 1, id, name: ownName, ...description, builtIn, addedAt: timestamp() };
    await saveCorpus(store, record, sentences, texts);
    this.show(record);
    if (ownName !== name) {
      labStore.notify('info', `Another corpus is called ${name}, so this one with other sentences is ${ownName}.`);
    }
    notifyErrors(labStore, ownName, corpus);
    return id;
  }

  /**
   * Writes what is damaged of a stored corpus again, and answers with whether there was anything. Also saves the texts of a corpus that came
   * as rows before, or when texts were not saved yet.
   */
  private async mend(
    record: CorpusRecord,
    sentences: CorpusSentences,
    texts: AssembledCorpus['texts'],
  ): Promise<boolean> {
    const { store } = this.parts;
    const { id, fingerprint } = record;
    const isWhole = await unlessDamaged(async () => {
      return describeSentences(await readCorpusSentences(store, id)).fingerprint === fingerprint;
    });
    if (isWhole !== true) await saveCorpus(store, record, sentences);
    const stored = await unlessDamaged(() => readCorpusTexts(store, id));
    if (texts !== null && (stored ?? null) === null) await saveCorpusTexts(store, id, texts);
    return isWhole !== true || (texts !== null && stored === undefined);
  }
}

/** Returns what `read` finds, or undefined where that is damaged or gone. */
async function unlessDamaged<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LabError && (error.code === 'storage/corrupt' || error.code === 'storage/missing')) {
      return undefined;
    }
    throw error;
  }
}

/** Returns the name, or the name with the first free number after it. */
function freeName(name: string, corpora: readonly CorpusRecord[]): string {
  const taken = new Set(corpora.map((corpus) => corpus.name));
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
  return free;
}

function notifyErrors(labStore: LabStore, name: string, { issues, issueCount }: AssembledCorpus): void {
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
