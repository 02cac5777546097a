// Keeps the pretrained models of the library: the training server imports them; they are listed and removed here.
import type { ModelRecord, ModelSource } from '../../schema/modelRecord.ts';
import { removeModel } from '../../storage/modelRecords.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import type { NamedBytes, ServerClient } from '../../wire/trainingProtocol.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';

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
