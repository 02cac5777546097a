// Proves that encoder, CRF, loss, every gradient and Viterbi match Hugging Face's encoders of every family, on tfjs' cpu backend and wasm with the lab's kernels.
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compareWithReference } from '../../scripts/parity/compareWithReference.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import { encoderConfig, type EncoderConfig } from '../../src/model/families/encoderConfig.ts';
import { encoderStates } from '../../src/model/tagger.ts';
import { pretrainedEncoder } from '../../src/model/weights/pretrained.ts';
import { readSafetensors } from '../../src/model/weights/safetensors.ts';
import { memory } from '../../src/storage/store.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadModel } from '../../src/training/loadTagger.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { bertFolder, bertForms } from '../fixtures/bertFolders.ts';
import { modelFolder, modelForms } from '../fixtures/modelFolders.ts';

const root = path.join(import.meta.dirname, '../..');
const bytesOf = async (file: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await readFile(path.join(root, file)));
const textOf = (file: string): Promise<string> => readFile(path.join(root, file), 'utf8');

const cases = readdirSync(path.join(root, 'tests/fixtures/reference'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  it.each(cases)('%s agrees in every quantity', async (name) => {
    await startBackend(backend, nodePlatform);
    const folder = `tests/fixtures/reference/${name}`;
    const rows = await compareWithReference({
      configJson: await textOf(`${folder}/config.json`),
      weights: await bytesOf(`${folder}/model.safetensors`),
      caseJson: await textOf(`${folder}/case.json`),
      caseTensors: await bytesOf(`${folder}/case.safetensors`),
    });
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.filter(({ passed }) => !passed)).toEqual([]);
  });
});

it('the built-in model matches the hidden states of transformers for eight sentences', async () => {
  const folder = 'public/models/xlnet-bio-tiny';
  const config = encoderConfig(JSON.parse(await textOf(`${folder}/config.json`)));
  const encoder = pretrainedEncoder(readSafetensors(await bytesOf(`${folder}/model.safetensors`)), config);
  expect(await statesDistance(config, encoder, 'tests/fixtures/xlnet-bio-tiny/case.safetensors')).toBeLessThan(1e-4);
});

it.each(modelForms)('a model imported as %s gives the hidden states that transformers gives', async (form) => {
  const store = memory();
  const record = await importModel(store, form, false, modelFolder(form, 'spiece.model'));
  const { config, encoder } = await loadModel(store, record, false);
  expect(await statesDistance(config, encoder, 'tests/fixtures/models/states.safetensors')).toBeLessThan(1e-4);
});

it.each(bertForms)('a BERT imported as %s gives the hidden states that transformers gives', async (form) => {
  const store = memory();
  const record = await importModel(store, form, false, bertFolder(form));
  const { config, encoder } = await loadModel(store, record, false);
  expect(await statesDistance(config, encoder, 'tests/fixtures/bert/states.safetensors')).toBeLessThan(1e-4);
});

/** The largest difference between hidden states on wasm and those in a file with inputs and `last_hidden_state`, ignoring padding. */
async function statesDistance(config: EncoderConfig, encoder: HostParameters, file: string): Promise<number> {
  await startBackend('wasm', nodePlatform);
  const parameters = uploadParameters(encoder);
  const known = readSafetensors(await bytesOf(file));
  const tensor = (name: string) => {
    const found = known.get(name);
    if (found === undefined) throw new Error(`${file} lacks ${name}`);
    return found;
  };
  const [size = 0, pieces = 0] = tensor('input_ids').shape;
  const real = tensor('attention_mask').values; // 1 for pieces, 0 for padding
  const pieceCounts = Int32Array.from({ length: size }, (_, row) =>
    Array.from(real.subarray(row * pieces, (row + 1) * pieces)).reduce((sum, value) => sum + value, 0),
  );
  const hidden = tf.tidy(() => {
    const states = encoderStates(
      {
        size,
        pieces,
        positions: pieces,
        pieceIds: Int32Array.from(tensor('input_ids').values),
        segmentIds: Int32Array.from(tensor('token_type_ids').values),
        pieceCounts,
        crfPositions: new Int32Array(size * pieces),
        tags: new Int32Array(size * pieces),
        crfCounts: pieceCounts,
      },
      parameters,
      config,
      { encoder: 0, attention: 0, head: 0 },
      null,
    );
    return states.at(-1) as tf.Tensor2D;
  });
  const [found, expected] = [await hidden.data(), tensor('last_hidden_state').values];
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    if (real[Math.floor(index / config.hiddenSize)] === 0) continue;
    largest = Math.max(largest, Math.abs((found[index] as number) - (expected[index] as number)));
  }
  return largest;
}
