// Imports whatever a person drops, each kind to its part of the library, and asks which columns are meant where several are plausible.
import type { ColumnQuestion } from '../../data/corpus/corpus.ts';
import type { ForeignFile } from '../../data/import/sortDrop.ts';
import { familyList } from '../../data/pieces/encoderFacts.ts';
import type { PlanFile } from '../../schema/resultFile.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { listResults, readResult, removeResult, removeTornResults } from '../../storage/resultRecords.ts';
import type { Store } from '../../storage/store.ts';
import { unlessAborted } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { baseName, type DroppedFile } from '../../util/namedFile.ts';
import type { DropReading, ModelPart, ModelReading, ReadFile } from '../../wire/readingProtocol.ts';
import type { NamedBytes } from '../../wire/trainingProtocol.ts';
import type { Lab } from '../state/labState.ts';
import { phaseProgress, withoutItem, type JobControl, type LabStore } from '../state/labStore.ts';
import type { Corpora } from './corpora.ts';
import type { FileReader } from './fileReader.ts';
import type { Models } from './models.ts';
import type { ReportedScores } from './scoreTables.ts';

/** Returns true for the folder of a `…ForTokenClassification` of transformers without bioner_lab.json: only its encoder is imported. */
export function headLeftOut(files: readonly NamedBytes[]): boolean {
  if (files.some(({ name }) => name === 'bioner_lab.json')) return false;
  const config = files.find(({ name }) => name === 'config.json');
  // The import finds out whether it is JSON at all.
  const text = new TextDecoder().decode(config?.bytes);
  return /"architectures"\s*:\s*\[[^\]]*ForTokenClassification"/.test(text);
}

interface LibraryParts {
  readonly labStore: LabStore;
  readonly reader: FileReader;
  readonly corpora: Corpora;
  readonly columnQuestions: ColumnQuestions;
  readonly models: Models;
  readonly results: Results;
  readonly reported: ReportedScores;
}

const namedOthers = 3;
const takenKinds = `Expected a corpus (CoNLL, BRAT, PubTator, BioC, JSON, CSV or Parquet), the folder of an encoder (${familyList()}), or a plan or result file of the lab.`;

/** Imports files into the parts of the library; the lab passes `importFiles` on as it is. */
export class Library {
  private readonly parts: LibraryParts;

  constructor(parts: LibraryParts) {
    this.parts = parts;
  }

  readonly importFiles: Lab['importFiles'] = async (files) => {
    const { labStore } = this.parts;
    const label = files.length === 1 ? baseName(files[0]?.path ?? '') : `${files.length} files`;
    const work = async (job: JobControl) => {
      try {
        const reading = await unlessAborted(job.signal, () => this.read(files, job));
        if (reading !== null) return await this.importAll(files, reading);
      } catch (error) {
        await this.showStored();
        throw error;
      }
      await this.showStored();
      return null;
    };
    const imported = await this.orNotice('The files could not be read', () =>
      labStore.during(`Reading ${label}`, work, { cancellable: true }),
    );
    return imported[0] ?? { corpusIds: [], modelIds: [], resultIds: [], plans: [] };
  };

  /** Shows what a reading stored before it was cancelled or failed. */
  private async showStored(): Promise<void> {
    const { corpora, results } = this.parts;
    await corpora.showStored();
    await results.showStored();
  }

  private read(files: readonly DroppedFile[], { report, signal }: JobControl): Promise<DropReading> {
    const context = this.parts.corpora.dropContext(false);
    return this.parts.reader.readDrop(files, context, { signal, report: phaseProgress(report) });
  }

  private async importAll(dropped: readonly DroppedFile[], reading: DropReading): ReturnType<Lab['importFiles']> {
    const { labStore, corpora, columnQuestions, results, reported } = this.parts;
    for (const { file, message } of reading.issues) labStore.notify('warning', `${file}: ${message}`);
    const corpusIds = corpora.show(reading, false);
    columnQuestions.ask(reading, dropped);
    const modelIds: string[] = [];
    const resultIds: string[] = [];
    const plans: PlanFile[] = [];
    for (const model of reading.models) {
      modelIds.push(...(await this.orNotice(`The model ${model.name} was refused`, () => this.importModel(model, dropped)))); // prettier-ignore
    }
    for (const file of reading.results) {
      resultIds.push(...(await this.orNotice(`${file.name} was refused`, () => results.show(file.name, contentOf(file).id)))); // prettier-ignore
    }
    for (const file of reading.scores) {
      await this.orNotice(`${file.name} was refused`, () => reported.add(file.name, contentOf(file)));
    }
    for (const file of reading.plans) {
      plans.push(...(await this.orNotice(`${file.name} was refused`, async () => contentOf(file))));
    }
    await tellForeign(labStore, reading.foreign);
    const count = corpusIds.length + modelIds.length + resultIds.length + plans.length;
    tellOthers(labStore, reading.others, count > 0 || reading.models.length > 0);
    return { corpusIds, modelIds, resultIds, plans };
  }

  private async importModel(
    { name, files, missing, weights, foreign }: ModelReading,
    dropped: readonly DroppedFile[],
  ): Promise<string> {
    const { labStore, models } = this.parts;
    if (missing.length > 0) {
      const { neededModelFiles, refuseNamedFamily } = await import('../../data/import/modelFiles.ts');
      const config = files.find(({ path }) => baseName(path) === 'config.json');
      if (config !== undefined) refuseNamedFamily(await bytesOf(config, dropped));
      const [first] = weights.filter((file) => !file.endsWith('.index.json'));
      const others = foreign.slice(0, namedOthers).map((file) => `; ${baseName(file.path)} is ${file.what}`);
      throw new LabError('model/incomplete', 'The folder lacks parts of a model.', {
        expected: neededModelFiles,
        got: `${first === undefined ? 'a folder' : weightsWording(first)} without ${missing.join(' and ')}${others.join('')}`,
      });
    }
    const read = files.map(async (part) => ({ name: baseName(part.path), bytes: await bytesOf(part, dropped) }));
    const contents = await Promise.all(read);
    const isLeft = headLeftOut(contents); // before the bytes are given away
    const isNew = new Set(labStore.getState().models.map((model) => model.id));
    const id = await models.add(name, false, contents);
    const record = labStore.getState().models.find((model) => model.id === id);
    if (record !== undefined && !isNew.has(id)) labStore.notify('info', `Imported the model ${record.name}.`, { about: { kind: 'models' } }); // prettier-ignore
    if (isLeft) {
      labStore.notify('info', `Of ${name} the encoder alone is imported: without bioner_lab.json its classifier cannot tag here.`); // prettier-ignore
    }
    return id;
  }

  /** Returns what `work` gives, or nothing and a notice. */
  private async orNotice<Value>(doing: string, work: () => Promise<Value>): Promise<NonNullable<Value>[]> {
    try {
      const value = await work();
      return value === null || value === undefined ? [] : [value];
    } catch (error) {
      this.parts.labStore.notifyError(doing, error);
      return [];
    }
  }
}

/** Returns what was read. Throws the LabError for which the file was refused. */
function contentOf<Content>(file: ReadFile<Content>): Content {
  if ('error' in file) throw LabError.fromData(file.error);
  return file.content;
}

async function bytesOf(
  { path, content }: ModelPart,
  dropped: readonly DroppedFile[],
): Promise<Uint8Array<ArrayBuffer>> {
  if (content !== null) return new Uint8Array(await content.arrayBuffer());
  const file = dropped.find((one) => one.path === path);
  if (file === undefined) throw new LabError('model/files', `The file ${path} is no longer there: drop it again.`);
  return file.bytes();
}

function weightsWording(name: string): string {
  return name.endsWith('.ckpt') ? `${name}, a checkpoint of PyTorch Lightning or another trainer,` : name;
}

/** Names known files that no model is beside: a person who drops them means a model. */
async function tellForeign(labStore: LabStore, foreign: readonly ForeignFile[]): Promise<void> {
  if (foreign.length === 0) return;
  const { neededModelFiles } = await import('../../data/import/modelFiles.ts');
  const named = foreign.slice(0, namedOthers).map(({ path, what }) => `${path} is ${what}`);
  const rest = foreign.length > namedOthers ? ` and ${foreign.length - namedOthers} more files are like these` : '';
  labStore.notify('info', `Left out: ${named.join('; ')}${rest}. A model is a folder of ${neededModelFiles}.`);
}

/**
 * Names the files of no known kind. Beside something that was imported that is a remark, alone it is why nothing came of the drop. Plain text has
 * a place where it is taken.
 */
function tellOthers(labStore: LabStore, paths: readonly string[], isBeside: boolean): void {
  if (paths.length === 0) return;
  const severity = isBeside ? 'info' : 'error';
  if (!isBeside && paths.every((path) => /\.(txt|text|md)$/i.test(path))) {
    const are = paths.length === 1 ? 'is plain text, which' : 'are plain text, which';
    const message = `${listed(paths)} ${are} can be tagged, not trained on: a corpus has annotations, in rows or beside the text.`;
    labStore.notify(severity, message, { about: { kind: 'tagging' } });
    return;
  }
  const left = `Left out, because neither corpus, model, plan nor result: ${listed(paths)}.`;
  labStore.notify(severity, isBeside ? left : `${left} ${takenKinds}`);
}

function listed(paths: readonly string[]): string {
  const rest = paths.length > namedOthers ? ` and ${paths.length - namedOthers} more` : '';
  return paths.slice(0, namedOthers).join(', ') + rest;
}

/** The imported result files. */
export interface Results {
  /** Shows a stored result file and returns its id. Rejects with `storage/corrupt` or `storage/missing` if it cannot be read. */
  show(fileName: string, id: string): Promise<string>;
  /** Shows what a reading stored before it was cancelled or failed, and removes what it did not store as a whole. */
  showStored(): Promise<void>;
  remove(resultId: string): Promise<void>;
}

export function createResults({ store, labStore }: { readonly store: Store; readonly labStore: LabStore }): Results {
  return {
    async show(fileName, id) {
      const existing = labStore.getState().results.find((result) => result.id === id);
      if (existing !== undefined) {
        labStore.notify('info', `The result file ${fileName} was already imported as ${existing.fileName}.`);
        return id;
      }
      const result = await readResult(store, id);
      if (result === undefined)
        throw new LabError('storage/missing', `The result file ${fileName} is no longer stored.`);
      labStore.update(({ results, unreadable }) => ({
        results: [...results, result],
        unreadable: withoutItem(unreadable, 'result', id),
      }));
      return id;
    },
    async showStored() {
      await removeTornResults(store);
      const { records } = await listResults(store);
      labStore.update(({ results }) => {
        const added = records.filter(({ id }) => !results.some((result) => result.id === id));
        return { results: [...results, ...added] };
      });
    },
    async remove(resultId) {
      const { results } = labStore.getState();
      if (!results.some(({ id }) => id === resultId)) {
        throw new LabError('result/unknown', 'There is no such imported result.', { got: resultId });
      }
      await removeResult(store, resultId);
      labStore.update((state) => ({ results: state.results.filter(({ id }) => id !== resultId) }));
    },
  };
}

// Asks which columns of rows are meant where several are plausible, and reads the files again with the answer.

interface ColumnQuestionsParts {
  readonly labStore: LabStore;
  readonly reader: FileReader;
  readonly corpora: Corpora;
}

/** What a question is about, to be read again. */
interface QuestionSource {
  readonly files: readonly DroppedFile[];
  readonly group: string;
}

/** The questions of the lab; the lab passes `choose` and `dismiss` on as they are. */
export class ColumnQuestions {
  private readonly parts: ColumnQuestionsParts;
  private readonly sources = new Map<number, QuestionSource>();
  private lastId = 0;

  constructor(parts: ColumnQuestionsParts) {
    this.parts = parts;
  }

  /** Adds a question for each group of rows that can be read in more than one way, or was refused for its columns. */
  ask(reading: Pick<DropReading, 'corpora' | 'refused'>, files: readonly DroppedFile[]): void {
    const asked = new Map<string, Omit<ColumnQuestion, 'id'>>();
    for (const { id, name, group, survey } of reading.corpora) {
      if (survey === null || survey.doubts.length === 0) continue;
      const corpusIds = [...(asked.get(group)?.corpusIds ?? []), id];
      asked.set(group, { name, corpusIds, survey });
    }
    for (const { name, group, survey } of reading.refused) {
      if (survey !== null) asked.set(group, { name, corpusIds: [], survey });
    }
    for (const [group, question] of asked) {
      const id = ++this.lastId;
      this.sources.set(id, { files, group });
      this.change((questions) => [...questions, { ...question, id }]);
    }
  }

  readonly choose: Lab['chooseColumns'] = async (questionId, choice) => {
    const { labStore, reader, corpora } = this.parts;
    const question = labStore.getState().columnQuestions.find(({ id }) => id === questionId);
    const source = this.sources.get(questionId);
    if (question === undefined || source === undefined) {
      throw new LabError('corpus/question', 'These files are no longer there: drop them again.');
    }
    const replaced = question.corpusIds.filter((id) => this.isReplaceable(id));
    const context = corpora.dropContext(false, { only: source.group, choices: new Map([[source.group, choice]]) }, replaced); // prettier-ignore
    const reading = await labStore.during(`Reading ${question.name} again`, ({ report, signal }) =>
      reader.readDrop(source.files, context, { signal, report: phaseProgress(report) }),
    );
    const ids = corpora.show(reading, false);
    if (ids.length === 0) return [];
    for (const id of replaced) if (!ids.includes(id)) await corpora.remove(id);
    this.dismiss(questionId);
    return ids;
  };

  readonly dismiss: Lab['dismissColumns'] = (questionId) => {
    this.sources.delete(questionId);
    this.change((questions) => questions.filter(({ id }) => id !== questionId));
  };

  private change(change: (questions: readonly ColumnQuestion[]) => readonly ColumnQuestion[]): void {
    this.parts.labStore.update(({ columnQuestions }) => ({ columnQuestions: change(columnQuestions) }));
  }

  /** Returns whether a corpus read before is still there and no run needs it. */
  private isReplaceable(corpusId: string): boolean {
    const isNeeded = ({ spec }: RunRecord): boolean => spec.tasks.some(({ corpus }) => corpus.id === corpusId);
    const { runs, corpora } = this.parts.labStore.getState();
    return corpora.some(({ id }) => id === corpusId) && !runs.some(({ record }) => isNeeded(record));
  }
}
