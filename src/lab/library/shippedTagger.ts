// Fetches the tagger that comes with the lab when a page wants it, and keeps it in the library as a built-in model.
import {
  shippedNoteSchema,
  shippedTaggerSchema,
  type ShippedTagger,
  type ShippedTaggerCard,
} from '../../schema/taggerFiles.ts';
import { ifCorrupt, readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import type { LabStore } from '../state/labStore.ts';
import type { FetchBuiltIn, Models } from './models.ts';

/** Says which one was installed here: one that a person removed does not come back by itself. */
const noteKey = 'lab/shipped-tagger';

/**
 * Installs the shipped tagger unless it is here, or was removed and `again` is false. Shows its progress in the lab's state, and failures, too:
 * it never rejects.
 */
export async function installShippedTagger(
  {
    store,
    labStore,
    models,
    fetchBuiltIn,
  }: {
    readonly store: Store;
    readonly labStore: LabStore;
    readonly models: Models;
    readonly fetchBuiltIn: FetchBuiltIn;
  },
  again: boolean,
): Promise<void> {
  const show = (shipped: ShippedTagger): void => labStore.update(() => ({ shipped }));
  try {
    show({ status: 'fetching', doneBytes: 0, ofBytes: 0 });
    const card = await readCard(fetchBuiltIn);
    const isHere = labStore.getState().models.some(({ tagger }) => tagger?.provenance.runId === card.runId);
    const note = await readJson(store, noteKey, shippedNoteSchema).catch(ifCorrupt(undefined));
    const wasRemoved = !isHere && note?.runId === card.runId;
    if (!isHere && (again || !wasRemoved)) {
      const files = await fetchFiles(card, fetchBuiltIn, show);
      await models.add(card.name, true, files);
      await writeJson(store, noteKey, { runId: card.runId });
      show({ status: 'known', installed: true, card });
    } else show({ status: 'known', installed: isHere, card });
  } catch (error) {
    show({ status: 'failed', problem: LabError.toData(error) });
  }
}

async function fetchFiles(card: ShippedTaggerCard, fetchBuiltIn: FetchBuiltIn, show: (shipped: ShippedTagger) => void) {
  const ofBytes = card.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const received = card.files.map(() => 0);
  let shownBytes = 0;
  const report = (): void => {
    const doneBytes = received.reduce((sum, bytes) => sum + bytes, 0);
    // A redraw for each per cent is enough.
    if (doneBytes - shownBytes < ofBytes / 100) return;
    shownBytes = doneBytes;
    show({ status: 'fetching', doneBytes, ofBytes });
  };
  const fetched = card.files.map(async ({ name, path, sizeBytes }, index) => {
    const bytes = await fetchBuiltIn(path, (doneBytes) => {
      received[index] = doneBytes;
      report();
    });
    if (bytes.byteLength === sizeBytes) return { name, bytes };
    throw new LabError('built-in/size', 'A file of the shipped tagger did not come whole.', {
      expected: `${sizeBytes} bytes of ${path}`,
      got: `${bytes.byteLength}`,
    });
  });
  return Promise.all(fetched);
}

async function readCard(fetchBuiltIn: FetchBuiltIn): Promise<ShippedTaggerCard> {
  const parsed = shippedTaggerSchema.safeParse(
    JSON.parse(new TextDecoder().decode(await fetchBuiltIn('taggers/catalogue.json'))),
  );
  if (parsed.success) return parsed.data;
  throw new LabError('built-in/catalogue', 'The description of the shipped tagger cannot be read.', {
    got: parsed.error.issues[0]?.message ?? '',
  });
}
