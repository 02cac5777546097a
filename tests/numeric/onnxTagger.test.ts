// Proves that a tagger exported as ONNX gives the lab's emissions and tags in onnxruntime for Node and for the web, in every family and precision.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { session, onnxRuntime, openedOnnx, type RuntimeName } from '../../scripts/tagger/onnxTagging.ts';
import { buildSequences, joinPredictions } from '../../src/data/pieces/sequences.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import { argmaxTags, chainOf, viterbi } from '../../src/model/chainPaths.ts';
import { onnxFiles } from '../../src/model/onnx/taggerGraph.ts';
import { emissions } from '../../src/model/tagger.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { OnnxPrecision } from '../../src/schema/taggerFiles.ts';
import { memory, type Store } from '../../src/storage/store.ts';
import { padBatch } from '../../src/training/batches.ts';
import { exportTagger } from '../../src/training/export/exportTagger.ts';
import { openTagger } from '../../src/training/export/onnxProgram.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadTagger } from '../../src/training/loadTagger.ts';
import type { TaggerRef } from '../../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { bertFolder } from '../fixtures/bertFolders.ts';
import { encoderFolder, laterFamilies } from '../fixtures/encoderFolders.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { pythonWith } from '../fixtures/pythonWithTransformers.ts';
import { exportedFiles, lastSnapshot, trainedTagger, type TrainedTagger } from '../fixtures/trainedTagger.ts';

const sentences: readonly (readonly string[])[] = [
  ['The', 'gene', 'of', 'the', 'moss', 'causes', "Brann's", 'rot', '.'],
  ['12,', '“Café”', 'and', 'Ωmega-3', '(', 'zinc', ')', '--', 'stem', 'rot', 'in', '30', 'plants', ';', 'no', 'cells'],
  ['x'],
  ['unbelievablylongnameofaproteinwithoutanyspaces', 'binds', '\u00a0', 'iron'],
];

type Form = readonly [name: string, family: string, changes: Partial<TrainingConfig>];
const forms: readonly Form[] = [
  ['XLNet, label mode x, start and end states', 'xlnet', { labelMode: 'x', crfStartEnd: true }],
  ['XLNet, lower case, no start and end states', 'xlnet', { labelMode: 'first', lowerCase: true, crfStartEnd: false }],
  ['XLNet, softmax', 'xlnet', { labelMode: 'all', head: 'softmax', encoding: 'sentence' }],
  ["XLNet, the released code's form", 'xlnet', { labelMode: 'x', layout: 'packed', specials: 'sep-sep-cls', specialsInLoss: true }], // prettier-ignore
  ['BERT', 'bert', { labelMode: 'x', specials: 'cls-sep', encoding: 'sentence', specialsInLoss: true }],
  ...laterFamilies.map((family): Form => [family, family, { labelMode: 'first', specials: 'cls-sep' }]),
];

const pretrained = (family: string) => {
  if (family === 'xlnet') return modelFolder('f16');
  return family === 'bert' ? bertFolder('safetensors') : encoderFolder(family);
};

// Below the project, where a program finds onnxruntime-node.
const out = path.resolve(import.meta.dirname, '../../out');
mkdirSync(out, { recursive: true });
const home = mkdtempSync(path.join(out, 'onnx-'));
afterAll(() => rmSync(home, { recursive: true }));
beforeAll(() => startBackend('wasm', nodePlatform));

describe('the graph in f32', () => {
  it.each(forms)('equals the lab in onnxruntime-node: %s', async (_, family, changes) => {
    await expectSame(await trainedTagger(pretrained(family), changes), 'onnxruntime-node');
  });

  it.each(forms.filter(([name]) => /label mode x|^BERT$/.test(name)))('equals the lab in onnxruntime-web: %s', async (_, family, changes) => {
    await expectSame(await trainedTagger(pretrained(family), changes), 'onnxruntime-web');
  }); // prettier-ignore
});

async function expectSame(trained: TrainedTagger, runtime: RuntimeName): Promise<void> {
  const ours = await taggedHere(trained.store, lastSnapshot(trained));
  const tagger = await openedOnnx(await onnxFolder(trained, 'f32'), runtime);
  const { predictions } = await tagger.predict(sentences);
  expect(predictions.map(({ tags }) => tags)).toEqual(ours.paths);
  expect(predictions.map(({ graphTags }) => graphTags)).toEqual(ours.paths);
  expect(furthest(predictions, ours.emissions)).toBeLessThan(1e-4);
  expect(await tagger.tag(sentences)).toEqual(ours.tags);
  expect(new Set(ours.tags.flat()).size).toBeGreaterThan(1);
}

const python = pythonWith(['onnx', 'onnxruntime', 'tokenizers']);
if (python.command === null) console.info(`The graphs are not checked in Python: ${python.reason}.`);

// One process for all folders, because its imports take seconds.
it.skipIf(python.command === null)('the graphs pass the checker of onnx, and tag.py equals the lab with them', async () => {
  const [folders, ours] = [[] as string[], [] as Awaited<ReturnType<typeof taggedHere>>[]];
  for (const [, family, changes] of forms) {
    const trained = await trainedTagger(pretrained(family), changes);
    const folder = mkdtempSync(path.join(home, 'folder-'));
    for (const [name, bytes] of await onnxFolder(trained, 'f32')) writeFileSync(path.join(folder, name), bytes);
    folders.push(folder);
    ours.push(await taggedHere(trained.store, lastSnapshot(trained)));
  }
  const script = path.resolve(import.meta.dirname, '../fixtures/taggers/run_onnx.py');
  const { status, stdout, stderr } = spawnSync(python.command ?? '', [script, ...folders], { input: JSON.stringify(sentences), encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  const theirs = JSON.parse(stdout) as readonly { readonly emissions: number[][][]; readonly tags: string[][] }[];
  for (const [index, { emissions: found, tags }] of theirs.entries()) {
    expect(tags).toEqual(ours[index]?.tags);
    const flat = found.map((rows) => ({ emissions: Float32Array.from(rows.flat()) }));
    expect(furthest(flat, ours[index]?.emissions ?? [])).toBeLessThan(1e-4);
  }
}); // prettier-ignore

describe('other precisions', () => {
  it.each(['xlnet', 'bert', 'deberta-v2'])('f16 equals the lab with weights rounded to F16: %s', async (family) => {
    const trained = await trainedTagger(pretrained(family), family === 'xlnet' ? {} : { specials: 'cls-sep' });
    const store = memory();
    const rounded = await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision: 'F16' });
    const { id } = await importModel(store, 'rounded', false, rounded.filter(({ name }) => !/README|tag\.py/.test(name))); // prettier-ignore
    const ours = await taggedHere(store, { kind: 'model', modelId: id });
    const { predictions } = await (await openedOnnx(await onnxFolder(trained, 'f16'), 'onnxruntime-node')).predict(sentences); // prettier-ignore
    expect(furthest(predictions, ours.emissions)).toBeLessThan(1e-4);
    expect(predictions.map(({ graphTags }) => graphTags)).toEqual(ours.paths);
  });

  it.each(['xlnet', 'bert', ...laterFamilies])('int8 is near f32: %s', async (family) => {
    const trained = await trainedTagger(pretrained(family), family === 'xlnet' ? {} : { specials: 'cls-sep' });
    const { emissions: exact } = await taggedHere(trained.store, lastSnapshot(trained));
    const { predictions } = await (await openedOnnx(await onnxFolder(trained, 'int8'), 'onnxruntime-node')).predict(sentences); // prettier-ignore
    const spread = Math.max(...exact.map((values) => Math.max(...values) - Math.min(...values)));
    expect(furthest(predictions, exact)).toBeLessThan(spread / 10);
    for (const { tags, graphTags } of predictions) expect(graphTags).toEqual(tags);
  }); // prettier-ignore

  it('f16 refuses a number that halves cannot represent, by the name of its parameter', async () => {
    const trained = await trainedTagger(modelFolder('f16'));
    const { shape, weights, head } = await loadTagger(trained.store, lastSnapshot(trained));
    const large = new Map(weights).set('head.bias', { shape: [head.tags.length], values: new Float32Array(head.tags.length).fill(1e6) }); // prettier-ignore
    expect(() => [...onnxFiles(large, shape, head, 'f16').stream.chunks()]).toThrow(
      expect.objectContaining({ code: 'onnx/half', message: expect.stringContaining('head.bias') as string }) as Error,
    );
  });
});

describe('the folder', () => {
  let trained: TrainedTagger;
  beforeAll(async () => {
    trained = await trainedTagger(modelFolder('f16'), { labelMode: 'x', crfStartEnd: true });
  });

  it('has no weights of transformers, and sizes as announced', async () => {
    const request = { tagger: lastSnapshot(trained), precision: 'F32', onnx: 'int8' } as const;
    const { files, chunks } = await exportTagger(trained.store, request, nodePlatform);
    const written = joined(chunks());
    expect(files).toEqual([...written].map(([name, bytes]) => ({ name, sizeBytes: bytes.byteLength })));
    expect(files.map(({ name }) => name)).toEqual([
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'bioner_lab.json',
      'README.md',
      'tag.py',
      'onnx.json',
      'tag.js',
      'model_int8.onnx',
    ]);
    expect(new TextDecoder().decode(written.get('README.md'))).toMatch(/`model_int8\.onnx` is an ONNX graph/); // prettier-ignore
  });

  it('has its weights in a file beside the graph where they are large', async () => {
    const { shape, weights, head } = await loadTagger(trained.store, lastSnapshot(trained));
    const files = new Map(await onnxFolder(trained, 'f32'));
    const { description, stream } = onnxFiles(weights, shape, head, 'f32', 1000);
    const written = joined(stream.chunks());
    expect(stream.files).toEqual([...written].map(([name, bytes]) => ({ name, sizeBytes: bytes.byteLength })));
    expect([...written.keys()]).toEqual(['model.onnx', 'model.onnx_data']);
    for (const [name, bytes] of written) files.set(name, bytes);
    files.set('onnx.json', new TextEncoder().encode(JSON.stringify(description)));
    const ours = await taggedHere(trained.store, lastSnapshot(trained));
    for (const runtime of ['onnxruntime-node', 'onnxruntime-web'] as const) {
      const { predictions } = await (await openedOnnx(files, runtime)).predict(sentences);
      expect(furthest(predictions, ours.emissions)).toBeLessThan(1e-4);
    }
  });

  it('tags the same whatever runs together', async () => {
    const files = await onnxFolder(trained, 'f32');
    const read = (name: string) => Promise.resolve(files.get(name) ?? new Uint8Array());
    const alone = await openTagger(await onnxRuntime('onnxruntime-node'), read, { session, batchSize: 1 });
    const together = await openTagger(await onnxRuntime('onnxruntime-node'), read, { session, batchSize: 64 });
    expect(await together.tag(sentences)).toEqual(await alone.tag(sentences));
    await expect(together.tag(sentences, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });

  it('runs tag.js by itself on rows of tokens', async () => {
    const folder = mkdtempSync(path.join(home, 'folder-'));
    for (const [name, bytes] of await onnxFolder(trained, 'f32')) writeFileSync(path.join(folder, name), bytes);
    const input = sentences.map((tokens) => `${tokens.map((token) => `${token.replace(/\s/g, '_')} O`).join('\n')}\n`).join('\n'); // prettier-ignore
    const { stdout, stderr, status } = spawnSync(process.execPath, [path.join(folder, 'tag.js'), folder], { input, encoding: 'utf8' }); // prettier-ignore
    expect(status, stderr).toBe(0);
    const rows = stdout.trimEnd().split('\n\n').map((block) => block.split('\n').map((line) => line.split('\t'))); // prettier-ignore
    const { tags } = await taggedHere(trained.store, lastSnapshot(trained));
    expect(rows.slice(0, 3).map((block) => block.map(([, tag]) => tag))).toEqual(tags.slice(0, 3));
    expect(rows[0]?.map(([token]) => token)).toEqual(sentences[0]);
  });

  it('says in a line what tag.js lacks, ends with 1, and ends quietly where its reader does', async () => {
    const folder = mkdtempSync(path.join(home, 'folder-'));
    for (const [name, bytes] of await onnxFolder(trained, 'f32')) writeFileSync(path.join(folder, name), bytes);
    const elsewhere = mkdtempSync(path.join(os.tmpdir(), 'tag-js-'));
    cpSync(folder, elsewhere, { recursive: true });
    const tag = (program: string, ...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(program, 'tag.js'), ...args], { input: 'a\n', encoding: 'utf8' }); // prettier-ignore
      return { status, stdout, stderr };
    };
    try {
      expect(tag(folder)).toMatchObject({ status: 1, stdout: '', stderr: expect.stringMatching(/^Usage: node tag\.js FOLDER .*\nOne token a line.*\n$/) as string }); // prettier-ignore
      expect(tag(folder, '--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: /) as string, stderr: '' }); // prettier-ignore
      expect(tag(folder, home)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^.*bioner_lab\.json cannot be read \(ENOENT\): .* exported as ONNX\.\n$/) as string }); // prettier-ignore
      expect(tag(elsewhere, elsewhere)).toMatchObject({ status: 1, stderr: expect.stringMatching(/^tag\.js needs the package onnxruntime-node: .*\n$/) as string }); // prettier-ignore
      writeFileSync(path.join(elsewhere, 'bioner_lab.json'), '{}');
      expect(tag(elsewhere, elsewhere)).toMatchObject({ status: 1 });
      writeFileSync(path.join(folder, 'many.conll'), 'moss\n\n'.repeat(20_000));
      const piped = spawnSync('sh', ['-c', '{ "$NODE" tag.js . < many.conll; echo "ended with $?" >&2; } | head -n 1'], { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE: process.execPath } }); // prettier-ignore
      expect(piped.stdout).toMatch(/^moss\t\S+\n$/);
      expect(piped.stderr).toBe('ended with 0\n');
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  it('is written by the command from a folder exported for transformers', async () => {
    const folder = mkdtempSync(path.join(home, 'tagger-'));
    const request = { tagger: lastSnapshot(trained), precision: 'F32' } as const;
    for (const { name, bytes } of await exportedFiles(trained.store, request))
      writeFileSync(path.join(folder, name), bytes);
    const command = path.resolve(import.meta.dirname, '../../scripts/bioner.mjs');
    const { stderr, status } = spawnSync(process.execPath, [command, 'export', folder, '--onnx', '--out', home], {
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    const written = readFileSync(path.join(home, 'onnx', `${path.basename(folder)}-f32`, 'model.onnx'));
    expect(written.equals((await onnxFolder(trained, 'f32')).get('model.onnx') ?? new Uint8Array())).toBe(true);
  });
});

async function onnxFolder(trained: TrainedTagger, onnx: OnnxPrecision): Promise<Map<string, Uint8Array>> {
  const request = { tagger: lastSnapshot(trained), precision: 'F32', onnx } as const;
  return new Map((await exportedFiles(trained.store, request)).map(({ name, bytes }) => [name, bytes]));
}

function joined(chunks: Iterable<{ readonly name: string; readonly bytes: Uint8Array }>): Map<string, Uint8Array> {
  const parts = new Map<string, Uint8Array[]>();
  for (const { name, bytes } of chunks) parts.set(name, [...(parts.get(name) ?? []), bytes]);
  return new Map([...parts].map(([name, all]) => [name, new Uint8Array(Buffer.concat(all))]));
}

/** What the plain network and the lab's decoder give. */
async function taggedHere(store: Store, tagger: TaggerRef) {
  const { shape, weights, tokenizer, tagSet, head } = await loadTagger(store, tagger);
  const unlabelled = sentences.map((tokens) => ({ tokens, mentions: [] }));
  const { sequences } = buildSequences(unlabelled, tagSet, tokenizer, head.config);
  const parameters = uploadParameters(weights);
  const none = { encoder: 0, attention: 0, head: 0 };
  const scores = sequences.map((_, index) => {
    const all = tf.tidy(() => emissions(padBatch(sequences, [index]), parameters, shape, none, null).dataSync());
    return Float32Array.from(all).slice(0, (sequences[index]?.crfPositions.length ?? 0) * tagSet.tags.length);
  });
  parameters.forEach((tensor) => tensor.dispose());
  const [K, chain] = [tagSet.tags.length, chainOf(weights, shape.head)];
  const paths = scores.map((values) =>
    chain === null ? argmaxTags(values, values.length / K, K) : viterbi(values, values.length / K, K, chain).tags,
  );
  return { emissions: scores, paths, tags: joinPredictions(unlabelled, sequences, paths, tagSet) };
}

function furthest(
  predictions: readonly { readonly emissions: Float32Array }[],
  exact: readonly Float32Array[],
): number {
  return Math.max(
    ...predictions.flatMap(({ emissions: found }, index) =>
      Array.from(found, (value, at) => Math.abs(value - (exact[index]?.[at] ?? NaN))),
    ),
  );
}
