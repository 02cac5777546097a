// Proves that XLNet base and large, in each format that transformers saves, download intact despite interruptions and match its outputs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, expect, it } from 'vitest';
import { LocalLab } from '../../src/lab/lab.ts';
import { disposeParameters, uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import { encoderStates } from '../../src/model/tagger.ts';
import { readSafetensors } from '../../src/model/weights/safetensors.ts';
import { defaultMachineSettings } from '../../src/schema/machineSettings.ts';
import type { ModelRecord } from '../../src/schema/modelRecord.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { loadModel } from '../../src/training/loadTagger.ts';
import { connect, portWire } from '../../src/wire/port.ts';
import type { RunEvent, ServerCalls } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { requestFile } from '../../workers/publicFiles.ts';
import { createTrainingServer } from '../../workers/trainingServer.ts';
import { hubServer, type ServedFile } from '../fixtures/hub/hubServer.ts';
import { writeModelFiles, type DrawnForm } from '../fixtures/hub/modelFiles.ts';
import { isLong, skippedUnlessLong } from '../fixtures/longForm.ts';
import { modelFixture } from '../fixtures/modelFolders.ts';

type ShapeName = 'base' | 'large';

interface Case {
  readonly config: { readonly n_layer: number };
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly pieceIds: readonly number[];
  readonly segmentIds: readonly number[];
  readonly pieceCounts: readonly number[];
  /** Indices of the hidden states compared, among [B*T]. */
  readonly rows: readonly number[];
}

const fixtures = path.join(import.meta.dirname, '../fixtures/hub');
const scratch = mkdtempSync(path.join(tmpdir(), 'hub-models-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** About half a CPU minute each at base size, up to three minutes at large. */
const usual: readonly (readonly [ShapeName, DrawnForm])[] = [['base', 'bin']];
const others: readonly (readonly [ShapeName, DrawnForm])[] = [
  ['base', 'safetensors F16'],
  ['large', 'safetensors F16'],
  ['base', 'shards'],
  ['base', 'safetensors'],
  ['large', 'shards'],
  ['large', 'bin'],
  ['large', 'safetensors'],
];
skippedUnlessLong(others.map((one) => one.join(' ')).join(', '), 'they take minutes');

it.each(isLong ? [...usual, ...others] : usual)(
  '%s as %s',
  async (shape, form) => {
    const reference = JSON.parse(readFileSync(path.join(fixtures, `${shape}.json`), 'utf8')) as Case;
    const weights = writeModelFiles(scratch, form, reference.tensors, reference.config.n_layer);
    const { store, record } = await downloaded({
      'config.json': Buffer.from(JSON.stringify(reference.config)),
      'tokenizer.json': modelFixture('tokenizer/tokenizer.json'),
      ...weights,
    });
    expect(await largestDifference(store, record, shape, reference)).toBeLessThan(1e-4);
  },
  3_600_000,
);

/** Downloads a hub's model into a new library, interrupting its first large file twice. */
async function downloaded(files: Readonly<Record<string, ServedFile>>): Promise<{ store: Store; record: ModelRecord }> {
  const store = memory();
  const hub = await hubServer('xlnet/drawn', files);
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatform });
  const client = connect<ServerCalls, RunEvent>(portWire(channel.port1));
  try {
    const lab = new LocalLab({ store, openServer: () => client, fetchBuiltIn: null, requestFile, software: 'test 1' });
    await lab.open('wasm');
    await lab.setMachine({ ...defaultMachineSettings, hub: hub.address });
    const found = await lab.lookUpModel('xlnet/drawn', 'main');
    if (found === null) throw new Error('looking up was cancelled');
    const { download, encoder } = found;
    for (const breakAfter of [50_000_001, 70_000_002]) {
      hub.faults = { breakAfter };
      await expect(lab.downloadModel(download)).rejects.toMatchObject({ code: 'hub/interrupted' });
    }
    const modelId = await lab.downloadModel(download);
    expect(hub.asked.filter((asked) => asked.endsWith(' 120000003-'))).toHaveLength(1);
    const record = lab.getState().models.find(({ id }) => id === modelId);
    if (record === undefined) throw new Error('the model is not in the library');
    expect(record).toMatchObject({ ...encoder, source: download.source });
    return { store, record };
  } finally {
    client.close();
    await hub.close();
  }
}

async function largestDifference(
  store: Store,
  record: ModelRecord,
  shape: ShapeName,
  { pieceIds, segmentIds, pieceCounts, rows }: Case,
): Promise<number> {
  const { config, encoder } = await loadModel(store, record, false);
  const [size, pieces] = [pieceCounts.length, pieceIds.length / pieceCounts.length];
  const parameters = uploadParameters(encoder);
  const hidden = tf.tidy(() => {
    const states = encoderStates(
      {
        size,
        pieces,
        positions: pieces,
        pieceIds: Int32Array.from(pieceIds),
        segmentIds: Int32Array.from(segmentIds),
        pieceCounts: Int32Array.from(pieceCounts),
        crfPositions: new Int32Array(size * pieces),
        tags: new Int32Array(size * pieces),
        crfCounts: Int32Array.from(pieceCounts),
      },
      parameters,
      config,
      { encoder: 0, attention: 0, head: 0 },
      null,
    );
    return tf.gather(states.at(-1) as tf.Tensor2D, [...rows]);
  });
  const found = await hidden.data();
  hidden.dispose();
  disposeParameters(parameters);
  const known = readSafetensors(new Uint8Array(readFileSync(path.join(fixtures, `${shape}.safetensors`)))).get('rows');
  expect(known?.shape).toEqual([rows.length, config.hiddenSize]);
  return Array.from(known?.values ?? []).reduce(
    (largest, value, index) => Math.max(largest, Math.abs(value - (found[index] ?? NaN))),
    0,
  );
}
