// The corpora of the library: made of files, kept under names of their own, corrected, read and removed.
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
import type { LabState } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';

export interface Corpora {
  /**
   * Keeps the corpora in these files and answers with their ids, those that were already here included.
   * What cannot be used becomes a notice. Throws LabError `storage/full`.
   */
  add(files: readonly NamedFile[], builtIn: boolean): Promise<readonly string[]>;
  read(corpusId: string): Promise<CorpusSentences>;
  /** Throws LabError `corpus/name` for an empty name or another corpus' name. */
  rename(corpusId: string, name: string): Promise<void>;
  moveSource(corpusId: string, file: string, split: Split): Promise<string>;
  remove(corpusId: string): Promise<void>;
}

const shownIssues = 3;

export function createCorpora({
  store,
  labStore,
  timestamp,
}: {
  readonly store: Store;
  readonly labStore: LabStore;
  /** ISO date and time. */
  readonly timestamp: () => string;
}): Corpora {
  const existing = (corpusId: string) => labStore.getState().corpora.find(({ id }) => id === corpusId);

  function require(corpusId: string): CorpusRecord {
    const record = existing(corpusId);
    if (record === undefined) throw new LabError('corpus/unknown', 'There is no such corpus.', { got: corpusId });
    return record;
  }

  function show(record: CorpusRecord, instead: string = record.id): void {
    labStore.update(({ corpora }) => ({
      corpora: corpora.some(({ id }) => id === instead)
        ? corpora.map((other) => (other.id === instead ? record : other))
        : [...corpora, record],
    }));
  }

  function hide(corpusId: string): void {
    labStore.update(({ corpora }) => ({ corpora: corpora.filter(({ id }) => id !== corpusId) }));
  }

  async function keep(corpus: AssembledCorpus, builtIn: boolean): Promise<string> {
    const { name, sentences, texts, ...description } = corpus;
    const id = description.fingerprint.slice(0, 16);
    const same = existing(id);
    if (same !== undefined) {
      // It may have come as rows before, or when texts were not kept yet.
      if (texts !== null && (await readCorpusTexts(store, id)) === null) await saveCorpusTexts(store, id, texts);
      const as = same.name === name ? 'and was not taken in again' : `as ${same.name}`;
      if (!builtIn) labStore.notify('info', `The corpus ${name} is already here ${as}.`);
      return id;
    }
    const ownName = freeName(name, labStore.getState().corpora);
    const record: CorpusRecord = { version: 1, id, name: ownName, ...description, builtIn, addedAt: timestamp() };
    await saveCorpus(store, record, sentences, texts);
    show(record);
    if (ownName !== name) {
      labStore.notify('info', `Another corpus is called ${name}, so this one with other sentences is ${ownName}.`);
    }
    const errors = corpus.issues.filter(({ severity }) => severity === 'error');
    if (errors.length > 0) {
      labStore.notify(
        'warning',
        `${ownName}: some sentences were left out. ${describeIssues(errors, corpus.issueCount)}`,
      );
    }
    return id;
  }

  return {
    async add(files, builtIn) {
      const { corpora, refused } = assembleCorpora(files);
      for (const one of refused) tellRefused(labStore, one);
      const ids: string[] = [];
      for (const corpus of corpora) ids.push(await keep(corpus, builtIn));
      return ids;
    },

    async read(corpusId) {
      return readCorpusSentences(store, require(corpusId).id);
    },

    async rename(corpusId, name) {
      const record = require(corpusId);
      const wanted = name.trim();
      if (wanted === '') throw new LabError('corpus/name', 'A corpus needs a name.');
      if (labStore.getState().corpora.some((other) => other.name === wanted && other.id !== corpusId)) {
        throw new LabError('corpus/name', 'Another corpus has this name.', { expected: 'a free name', got: wanted });
      }
      const renamed = { ...record, name: wanted };
      await writeCorpusRecord(store, renamed);
      show(renamed);
    },

    async moveSource(corpusId, file, split) {
      const record = require(corpusId);
      const moved = moveSource(
        {
          sentences: await readCorpusSentences(store, corpusId),
          texts: await readCorpusTexts(store, corpusId),
          sources: record.sources,
        },
        file,
        split,
      );
      const description = describeSentences(moved.sentences);
      const id = description.fingerprint.slice(0, 16);
      if (id === corpusId) return id;
      const same = existing(id);
      if (same === undefined) {
        const corrected = { ...record, ...description, id, sources: [...moved.sources], builtIn: false };
        await saveCorpus(store, corrected, moved.sentences, moved.texts);
        show(corrected, corpusId);
      } else {
        labStore.notify('info', `${record.name} is now the same as ${same.name}, and only that one is kept.`);
        hide(corpusId);
      }
      await removeCorpus(store, corpusId);
      return id;
    },

    async remove(corpusId) {
      await removeCorpus(store, require(corpusId).id);
      hide(corpusId);
    },
  };
}

/** The name, or the name with the first free number after it. */
function freeName(name: string, corpora: readonly CorpusRecord[]): string {
  const taken = new Set(corpora.map((corpus) => corpus.name));
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
  return free;
}

function tellRefused(labStore: LabStore, { name, issues, issueCount }: RefusedCorpus): void {
  labStore.notify('error', `${name} has no usable sentence. ${describeIssues(issues, issueCount)}`);
}

/** The first few issues with file and line. */
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
