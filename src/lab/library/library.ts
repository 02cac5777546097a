// Imports whatever a person drops: each kind goes to its part of the library, and what goes wrong becomes a notice and stops nothing else.
import { neededModelFiles } from '../../data/import/modelFiles.ts';
import type { PlanFile } from '../../schema/planFile.ts';
import { LabError } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import type { NamedBytes } from '../../wire/trainingProtocol.ts';
import { parsePlan } from '../plans/expandPlan.ts';
import type { Results } from '../plans/resultFiles.ts';
import type { DroppedFile, Lab } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';
import type { Corpora } from './corpora.ts';
import type { Models } from './models.ts';
import { baseName, sortDroppedFiles, type DroppedModel, type ForeignFile } from './sortDrop.ts';

/** Returns true for the folder of a `…ForTokenClassification` of transformers without bioner_lab.json: only its encoder is imported. */
export function headLeftOut(files: readonly NamedBytes[]): boolean {
  if (files.some(({ name }) => name === 'bioner_lab.json')) return false;
  const config = files.find(({ name }) => name === 'config.json');
  // The import finds out whether it is JSON at all.
  const text = new TextDecoder().decode(config?.bytes);
  return /"architectures"\s*:\s*\[[^\]]*ForTokenClassification"/.test(text);
}

interface Library {
  importFiles: Lab['importFiles'];
}

const namedOthers = 3;

export function createLibrary({
  labStore,
  corpora,
  models,
  results,
}: {
  readonly labStore: LabStore;
  readonly corpora: Corpora;
  readonly models: Models;
  readonly results: Results;
}): Library {
  /** Returns what `work` gives, or nothing and a notice. */
  async function orNotice<Value>(doing: string, work: () => Promise<Value>): Promise<Value[]> {
    try {
      return [await work()];
    } catch (error) {
      labStore.notifyError(doing, error);
      return [];
    }
  }

  async function importModel({ name, files, missing, weights, foreign }: DroppedModel): Promise<string> {
    if (missing.length > 0) {
      const [first] = weights.filter((file) => !file.endsWith('.index.json'));
      const others = foreign.slice(0, namedOthers).map((file) => `; ${baseName(file.path)} is ${file.what}`);
      throw new LabError('model/incomplete', 'The folder lacks parts of a model.', {
        expected: neededModelFiles,
        got: `${first === undefined ? 'a folder' : weightsWording(first)} without ${missing.join(' and ')}${others.join('')}`,
      });
    }
    const read = files.map(async (file) => ({ name: baseName(file.path), bytes: await file.bytes() }));
    const contents = await Promise.all(read);
    const isLeft = headLeftOut(contents); // before the bytes are given away
    const id = await models.add(name, false, contents);
    if (isLeft) {
      labStore.notify('info', `Of ${name} the encoder alone is imported: without bioner_lab.json its classifier cannot tag here.`); // prettier-ignore
    }
    return id;
  }

  async function importAll(dropped: readonly DroppedFile[]): ReturnType<Lab['importFiles']> {
    const drop = await sortDroppedFiles(dropped);
    for (const { file, message } of drop.issues) labStore.notify('warning', `${file}: ${message}`);
    const corpusIds: string[] = [];
    const modelIds: string[] = [];
    const resultIds: string[] = [];
    const plans: PlanFile[] = [];
    if (drop.corpusFiles.length > 0) {
      const added = await orNotice('The corpus could not be imported', () => corpora.add(drop.corpusFiles, false));
      corpusIds.push(...added.flat());
    }
    for (const model of drop.models) {
      modelIds.push(...(await orNotice(`The model ${model.name} was refused`, () => importModel(model))));
    }
    for (const file of drop.results) {
      const name = baseName(file.path);
      resultIds.push(...(await orNotice(`${name} was refused`, () => results.add(name, textOf(file)))));
    }
    for (const file of drop.plans) {
      const name = baseName(file.path);
      plans.push(...(await orNotice(`${name} was refused`, async () => parsePlan(textOf(file)))));
    }
    tellForeign(labStore, drop.foreign);
    tellOthers(labStore, drop.others);
    return { corpusIds, modelIds, resultIds, plans };
  }

  return {
    async importFiles(files) {
      const label = files.length === 1 ? baseName(files[0]?.path ?? '') : `${files.length} files`;
      const nothing = { corpusIds: [], modelIds: [], resultIds: [], plans: [] };
      const imported = await orNotice('The files could not be read', () =>
        labStore.during(`Reading ${label}`, () => importAll(files)),
      );
      return imported[0] ?? nothing;
    },
  };
}

function weightsWording(name: string): string {
  return name.endsWith('.ckpt') ? `${name}, a checkpoint of PyTorch Lightning or another trainer,` : name;
}

function textOf({ bytes }: NamedFile): string {
  return new TextDecoder().decode(bytes);
}

/** Names known files that no model is beside: a person who drops them means a model. */
function tellForeign(labStore: LabStore, foreign: readonly ForeignFile[]): void {
  if (foreign.length === 0) return;
  const named = foreign.slice(0, namedOthers).map(({ path, what }) => `${path} is ${what}`);
  const rest = foreign.length > namedOthers ? ` and ${foreign.length - namedOthers} more files are like these` : '';
  labStore.notify('info', `Left out: ${named.join('; ')}${rest}. A model is a folder of ${neededModelFiles}.`);
}

function tellOthers(labStore: LabStore, paths: readonly string[]): void {
  if (paths.length === 0) return;
  const names = paths.slice(0, namedOthers).join(', ');
  const rest = paths.length > namedOthers ? ` and ${paths.length - namedOthers} more` : '';
  labStore.notify('info', `Left out, because neither corpus, model, plan nor result: ${names}${rest}.`);
}
