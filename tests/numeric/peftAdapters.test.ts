// Proves that exported adapters have PEFT's names and numbers, and, if torch, transformers and peft are installed, that PEFT computes the lab's emissions with them.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import { encoderStates, pieceEmissions } from '../../src/model/tagger.ts';
import { readSafetensors } from '../../src/model/weights/safetensors.ts';
import type { Adapters } from '../../src/schema/config.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { taggerExports } from '../../src/training/export/exportTagger.ts';
import { loadTagger } from '../../src/training/loadTagger.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { bertFolder } from '../fixtures/bertFolders.ts';
import { drawnBatch } from '../fixtures/drawnBatch.ts';
import { encoderFolder } from '../fixtures/encoderFolders.ts';
import { noDropout } from '../fixtures/engineCases.ts';
import { modelFolder, type ModelFolderFile } from '../fixtures/modelFolders.ts';
import { pythonWithTransformers } from '../fixtures/pythonWithTransformers.ts';
import { lastSnapshot, trainedTagger, type TrainedTagger } from '../fixtures/trainedTagger.ts';

const peft = findPeft();
if (peft.command === null) console.info(`Exported adapters are not opened by PEFT: ${peft.reason}.`);

const home = mkdtempSync(path.join(os.tmpdir(), 'adapters-'));
afterAll(() => rmSync(home, { recursive: true }));
beforeAll(() => startBackend('wasm', nodePlatform));

const adapters: Adapters = { projections: 'all-linear', rank: 3, alpha: 12, dropout: 0.1 };
const families = ['BERT', 'roberta', 'electra', 'deberta-v2'] as const;
const filesOf = (family: string) => (family === 'BERT' ? bertFolder('safetensors') : encoderFolder(family));
const trainedOn = (files: readonly ModelFolderFile[], own: Adapters = adapters): Promise<TrainedTagger> =>
  trainedTagger(files, { specials: 'cls-sep', learningRate: 0.01, adapters: own });

function findPeft(): ReturnType<typeof pythonWithTransformers> {
  const { command, reason } = pythonWithTransformers();
  if (command === null) return { command, reason };
  const { status } = spawnSync(command, ['-c', 'import peft']);
  return status === 0 ? { command, reason } : { command: null, reason: `${command} cannot import peft` };
}

async function exportedAdapters({ store, record }: TrainedTagger): Promise<ReadonlyMap<string, Buffer>> {
  const exports = taggerExports(store, nodePlatform);
  const request = { tagger: lastSnapshot({ store, record }), precision: 'F32', adapters: true } as const;
  const { exportId, files } = await exports.open(request);
  const found = new Map<string, Buffer>(files.map(({ name }) => [name, Buffer.alloc(0)]));
  for (let next = exports.next(exportId); next !== null; next = exports.next(exportId)) {
    found.set(next.name, Buffer.concat([found.get(next.name) ?? Buffer.alloc(0), next.bytes]));
  }
  for (const { name, sizeBytes } of files) expect(found.get(name)?.byteLength).toBe(sizeBytes);
  return found;
}

describe('the exported adapters', () => {
  it('of a BERT are linear layers under the names of its class, its classifier and its CRF', async () => {
    const trained = await trainedOn(bertFolder('safetensors'));
    const files = await exportedAdapters(trained);
    expect([...files.keys()]).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    const config = JSON.parse(String(files.get('adapter_config.json'))) as Record<string, unknown>;
    expect(config).toMatchObject({ peft_type: 'LORA', r: 3, lora_alpha: 12, lora_dropout: 0.1, bias: 'none' });
    const modules = config['target_modules'] as readonly string[];
    expect(modules.slice(0, 2)).toEqual(['bert.encoder.layer.0.attention.self.query', 'bert.encoder.layer.0.attention.self.key']); // prettier-ignore
    const tensors = readSafetensors(new Uint8Array(files.get('adapter_model.safetensors') ?? []));
    const snapshot = await loadSnapshot(trained.store, trained.record.spec.id, 1);
    expect(tensors.size).toBe(snapshot.size);
    const theirs = tensors.get('base_model.model.bert.encoder.layer.1.output.dense.lora_A.weight');
    const ours = snapshot.get('layer.1.feedForward.outer.kernel.adapter.down');
    expect(theirs?.shape).toEqual(ours?.shape.toReversed());
    const inner = theirs?.shape[1] ?? NaN;
    for (const [row, column] of [[0, 0], [2, 1], [1, inner - 1]] as const) expect(theirs?.values[row * inner + column]).toBe(ours?.values[column * 3 + row]); // prettier-ignore
  });

  it.each([
    ['XLNet', () => modelFolder('f16'), adapters, 'export/adapter'],
    ['ModernBERT', () => encoderFolder('modernbert'), { ...adapters, projections: 'query-value' }, 'export/adapter'],
  ] as const)('of %s are refused, as PEFT knows no such layers', async (_, files, own, code) => {
    const trained = await trainedTagger(files(), { labelMode: 'first', adapters: own });
    await expect(exportedAdapters(trained)).rejects.toMatchObject({ code });
  });

  it('of a run that trained every weight are refused', async () => {
    const trained = await trainedTagger(modelFolder('f16'));
    await expect(exportedAdapters(trained)).rejects.toMatchObject({ code: 'export/adapter' });
  });
});

describe.skipIf(peft.command === null)('PEFT', () => {
  it.each(families)('computes the emissions of the lab: %s', async (family) => {
    const base = path.join(home, family);
    mkdirSync(base);
    for (const { name, bytes } of filesOf(family)) writeFileSync(path.join(base, name), bytes);
    const trained = await trainedOn(filesOf(family));
    const folder = path.join(home, `${family} adapters`);
    mkdirSync(folder);
    for (const [name, bytes] of await exportedAdapters(trained)) writeFileSync(path.join(folder, name), bytes);
    const { shape, weights } = await loadTagger(trained.store, lastSnapshot(trained));
    const drawn = drawnBatch(shape, 2, 16);
    // RoBERTa numbers positions by the pieces that are not padding.
    const pieceIds = drawn.pieceIds.map((id) => Math.max(id, 5));
    const batch = { ...drawn, pieceIds, segmentIds: new Int32Array(32) };
    const rows = (values: Int32Array) => [0, 1].map((row) => [...values.subarray(16 * row, 16 * (row + 1))]);
    const mask = [0, 1].map((row) =>
      Array.from({ length: 16 }, (__, at) => (at < (batch.pieceCounts[row] ?? 0) ? 1 : 0)),
    );
    const given = { ids: rows(batch.pieceIds), mask, tags: shape.head.tagCount };
    const script = path.join(import.meta.dirname, '../fixtures/lora/check_peft.py');
    const ran = spawnSync(peft.command ?? '', [script, base, folder], {
      input: JSON.stringify(given),
      encoding: 'utf8',
    });
    if (ran.status !== 0) throw new Error(ran.stderr);
    const theirs = (JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '') as number[][][]).flat(2);
    const parameters = uploadParameters(weights);
    const scores = tf.tidy(() => {
      const states = encoderStates(batch, parameters, shape.encoder, noDropout, null);
      return pieceEmissions(states.at(-1) as tf.Tensor2D, parameters, shape, noDropout, null);
    });
    const ours = await scores.data();
    tf.dispose([scores, ...parameters.values()]);
    expect(theirs.length).toBe(ours.length);
    let largest = 0;
    for (const [at, value] of theirs.entries()) {
      const isReal = (mask[Math.floor(at / (16 * given.tags))] ?? [])[Math.floor(at / given.tags) % 16] === 1;
      if (isReal) largest = Math.max(largest, Math.abs(value - (ours[at] as number)));
    }
    expect(largest).toBeLessThan(1e-4);
  });
});
