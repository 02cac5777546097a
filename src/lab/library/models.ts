// Keeps the pretrained models of the library, and installs the sample corpora and the small model that come with the lab.
import { builtInCatalogueSchema, builtInsInstalledSchema } from '../../schema/libraryRecord.ts';
import type { ModelRecord, ModelSource } from '../../schema/modelRecord.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { removeModel } from '../../storage/modelRecords.ts';
import { ifCorrupt, readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import type { NamedFile } from '../../util/namedFile.ts';
import type { NamedBytes, ServerClient } from '../../wire/trainingProtocol.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';
import type { Corpora } from './corpora.ts';

// Keeps the pretrained models of the library: the training server imports them; they are listed and removed here.

export interface Models {
  /**
   * Has the server verify and store a model; `files` are transferred. Returns the id of the model, new or already here.
   * Throws the server's `model/...` or `storage/full`.
   */
  add(name: string, builtIn: boolean, files: readonly NamedBytes[], source?: ModelSource): Promise<string>;
  remove(modelId: string): Promise<void>;
}

export function createModels({
  store,
  client,
  labStore,
}: {
  readonly store: Store;
  readonly client: ServerClient;
  readonly labStore: LabStore;
}): Models {
  return {
    async add(name, builtIn, files, source) {
      const transfer = files.map(({ bytes }) => bytes.buffer);
      const record = await client.call('importModel', { name, builtIn, files, ...(source && { source }) }, transfer);
      const existing = labStore.getState().models.find(({ id }) => id === record.id);
      if (existing !== undefined && !builtIn)
        labStore.notify('info', `The model ${name} is already here as ${existing.name}.`);
      labStore.update(({ models, unreadable }) => ({
        models: insertModel(models, record),
        unreadable: withoutItem(unreadable, 'model', record.id),
      }));
      return record.id;
    },
    async remove(modelId) {
      const { models } = labStore.getState();
      if (!models.some(({ id }) => id === modelId)) {
        throw new LabError('model/unknown', 'There is no such model in the library.', { got: modelId });
      }
      await removeModel(store, modelId);
      labStore.update((state) => ({ models: state.models.filter(({ id }) => id !== modelId) }));
    },
  };
}

/** Sorts models by name, this one replacing the one with its id. */
export function insertModel(models: readonly ModelRecord[], record: ModelRecord): readonly ModelRecord[] {
  return [...models.filter(({ id }) => id !== record.id), record].sort((left, right) =>
    left.name < right.name ? -1 : 1,
  );
}

// Installs the sample corpora and the small model that come with the lab, once each.

/** Fetches a file that comes with the lab, by its path in `public/`; `report` may hear how many bytes have come. */
export type FetchBuiltIn = (path: string, report?: (doneBytes: number) => void) => Promise<Uint8Array<ArrayBuffer>>;

export interface BuiltIns {
  /** Installs the sample corpora that were never installed here. A failure becomes a notice, and the next opening tries again. */
  installCorpora(): Promise<void>;
  /** Does the same for the model. */
  installModel(): Promise<void>;
  /** Installs the samples and the model again that these runs failed on because they are damaged. A failure becomes a notice. */
  mend(runs: readonly RunRecord[]): Promise<void>;
}

const model = {
  name: 'xlnet-bio-tiny',
  files: ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
};
const noteKey = 'lab/built-ins';

export function createBuiltIns({
  store,
  labStore,
  corpora,
  models,
  fetchBuiltIn,
}: {
  readonly store: Store;
  readonly labStore: LabStore;
  readonly corpora: Corpora;
  readonly models: Models;
  readonly fetchBuiltIn: FetchBuiltIn;
}): BuiltIns {
  async function once(name: string, install: () => Promise<void>): Promise<void> {
    if ((await installed(store)).includes(name)) return;
    await install();
    await writeJson(store, noteKey, [...(await installed(store)), name]);
  }

  async function installSamples(samples: readonly SampleCorpus[]): Promise<void> {
    const paths = samples.flatMap(({ files }) => Object.values(files));
    if (paths.length === 0) return;
    const fetched = paths.map((path) => fetchAs(fetchBuiltIn, `corpora/${path}`, path));
    await corpora.add(await Promise.all(fetched), true);
  }

  const installModel = (): Promise<void> =>
    labStore.during(`Installing the model ${model.name}`, async () => {
      const fetched = model.files.map(async (name) => ({
        name,
        bytes: await fetchBuiltIn(`models/${model.name}/${name}`),
      }));
      await models.add(model.name, true, await Promise.all(fetched));
    });

  async function reported(label: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      labStore.notifyError(`${label} could not be installed`, error);
    }
  }

  return {
    installCorpora: () =>
      reported('The sample corpora', async () => {
        const done = await installed(store);
        const samples = (await readCatalogue(fetchBuiltIn)).filter(({ name }) => !done.includes(`corpus/${name}`));
        if (samples.length === 0) return;
        await installSamples(samples);
        await writeJson(store, noteKey, [...(await installed(store)), ...samples.map(({ name }) => `corpus/${name}`)]);
      }),
    installModel: () => reported('The built-in model', () => once(`model/${model.name}`, installModel)),
    mend: (runs) =>
      reported('What is damaged', async () => {
        const state = labStore.getState();
        const failedOn = (code: string) => runs.filter(({ failure }) => failure?.code === code);
        const samples = new Set(state.corpora.flatMap(({ id, builtIn }) => (builtIn ? [id] : [])));
        const damaged = failedOn('corpus/damaged').flatMap(({ spec }) => spec.tasks.map(({ corpus }) => corpus.id));
        if (damaged.some((id) => samples.has(id))) {
          // One that a person removed stays removed.
          const isThere = (sample: SampleCorpus) => state.corpora.some(({ builtIn, name }) => builtIn && name === sample.name); // prettier-ignore
          await installSamples((await readCatalogue(fetchBuiltIn)).filter(isThere));
        }
        const ownModel = state.models.find(({ builtIn, name }) => builtIn && name === model.name)?.id;
        if (failedOn('model/damaged').some(({ spec }) => spec.model.id === ownModel)) await installModel();
      }),
  };
}

async function installed(store: Store): Promise<readonly string[]> {
  // Installs everything again where the note is damaged.
  return (await readJson(store, noteKey, builtInsInstalledSchema).catch(ifCorrupt(undefined))) ?? [];
}

type SampleCorpus = Awaited<ReturnType<typeof readCatalogue>>[number];

async function readCatalogue(fetchBuiltIn: FetchBuiltIn) {
  const json: unknown = JSON.parse(new TextDecoder().decode(await fetchBuiltIn('corpora/catalogue.json')));
  const parsed = builtInCatalogueSchema.safeParse(json);
  if (parsed.success) return parsed.data.corpora;
  throw new LabError('corpus/catalogue', 'The catalogue of sample corpora cannot be read.', {
    got: parsed.error.issues[0]?.message ?? '',
  });
}

async function fetchAs(fetchBuiltIn: FetchBuiltIn, from: string, path: string): Promise<NamedFile> {
  return { path, bytes: await fetchBuiltIn(from) };
}
