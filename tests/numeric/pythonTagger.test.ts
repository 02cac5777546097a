// Proves that an exported folder does in Python what it does here: same emissions, same tags, no key missing (where torch and transformers are).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSequences } from '../../src/data/features.ts';
import { joinPredictions } from '../../src/data/joinPredictions.ts';
import { startBackend } from '../../src/engine/startBackend.ts';
import { uploadParameters } from '../../src/model/deviceParameters.ts';
import { emissions } from '../../src/model/tagger.ts';
import { argmaxTags, viterbi } from '../../src/model/viterbi.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { loadTagger } from '../../src/training/loadTagger.ts';
import { padBatch } from '../../src/training/padBatch.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { pythonWithTransformers } from '../fixtures/pythonWithTransformers.ts';
import { exportedFiles, lastSnapshot, trainedTagger, type TrainedTagger } from '../fixtures/trainedTagger.ts';

const python = pythonWithTransformers();
if (python.command === null) console.info(`The Python file of exported taggers is not run: ${python.reason}.`);

const sentences: readonly (readonly string[])[] = [
  ['The', 'gene', 'of', 'the', 'moss', 'causes', "Brann's", 'rot', '.'],
  ['12,', '“Café”', 'and', 'Ωmega-3', '(', 'zinc', ')', '--', 'stem', 'rot', 'in', '30', 'plants', ';', 'no', 'cells'],
  ['x'],
  ['unbelievablylongnameofaproteinwithoutanyspaces', 'binds', '\u00a0', 'iron'],
];

const home = mkdtempSync(path.join(os.tmpdir(), 'tagger-'));
afterAll(() => rmSync(home, { recursive: true }));
beforeAll(() => startBackend('wasm', nodePlatform));

const forms: readonly (readonly [string, Partial<TrainingConfig>])[] = [
  ['label mode x, start and end states', { labelMode: 'x', crfStartEnd: true }],
  ['label mode first, lower case, no start and end states', { labelMode: 'first', lowerCase: true, crfStartEnd: false }],
  ['label mode all, whole sentences', { labelMode: 'all', encoding: 'sentence', crfStartEnd: true }],
  ['softmax', { labelMode: 'first', head: 'softmax', encoding: 'sentence' }],
  ["the released code's form", { labelMode: 'x', layout: 'packed', specials: 'sep-sep-cls', specialsInLoss: true }],
]; // prettier-ignore

describe.skipIf(python.command === null)('tag.py', () => {
  it.each(forms)('equals the lab: %s', async (_, changes) => {
    const trained = await trainedTagger(modelFolder('f16'), changes);
    const here = await taggedHere(trained);
    const there = await taggedThere(trained);
    expect(there.emissions.map((rows) => rows.length)).toEqual(here.emissions.map((rows) => rows.length));
    expect(furthest(there.emissions.flat(2), here.emissions.flat(2))).toBeLessThan(1e-4);
    expect(there.tags).toEqual(here.tags);
    expect(new Set(here.tags.flat()).size).toBeGreaterThan(1);
    expect(there).toMatchObject({ missing: [], mismatched: [], labels: trained.record.tags });
    expect(there.unexpected.filter((name) => !name.startsWith('crf.'))).toEqual([]);
    expect(there.architecture).toBe('XLNetForTokenClassification');
    expect(there.pieces.length).toBeGreaterThan(sentences[0]?.length ?? 0);
  });

  it('reads rows and prints rows', async () => {
    const trained = await trainedTagger(modelFolder('f16'), { labelMode: 'first' });
    const folder = await written(trained);
    const rows = 'moss\tO\nrot\tB-Disease\n\n\nzinc iron\n';
    const ran = spawnSync(python.command ?? '', [path.join(folder, 'tag.py'), folder], { input: rows, encoding: 'utf8' });
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(/^moss\t\S+\nrot\t\S+\n\nzinc\t\S+\n\n$/);
  }); // prettier-ignore
});

interface Tagging {
  /** [sequences][N][K] */
  readonly emissions: readonly (readonly (readonly number[])[])[];
  readonly tags: readonly (readonly string[])[];
}

async function taggedHere(trained: TrainedTagger): Promise<Tagging> {
  const { shape, weights, tokenizer, tagSet, head } = await loadTagger(trained.store, lastSnapshot(trained));
  const unlabelled = sentences.map((tokens) => ({ tokens, mentions: [] }));
  const { sequences } = buildSequences(unlabelled, tagSet, tokenizer, head.config);
  const parameters = uploadParameters(weights);
  const none = { encoder: 0, attention: 0, head: 0 };
  const scores = sequences.map((sequence, index) => {
    const rows = tf.tidy(() => emissions(padBatch(sequences, [index]), parameters, shape, none, null).arraySync()[0]);
    return (rows ?? []).slice(0, sequence.crfPositions.length);
  });
  const chain = (name: string) => weights.get(name)?.values ?? null;
  const K = tagSet.tags.length;
  const paths = scores.map((rows) => {
    const flat = Float32Array.from(rows.flat());
    const transitions = chain('crf.transitions');
    if (transitions === null) return argmaxTags(flat, rows.length, K);
    return viterbi(flat, rows.length, K, { transitions, start: chain('crf.start'), end: chain('crf.end') }).tags;
  });
  return { emissions: scores, tags: joinPredictions(unlabelled, sequences, paths, tagSet) };
}

interface PythonTagging extends Tagging {
  readonly missing: readonly string[];
  readonly mismatched: readonly string[];
  readonly unexpected: readonly string[];
  readonly architecture: string;
  readonly labels: readonly string[];
  readonly pieces: readonly number[];
}

async function taggedThere(trained: TrainedTagger): Promise<PythonTagging> {
  const script = path.join(import.meta.dirname, '../fixtures/taggers/run_tag.py');
  const folder = await written(trained);
  const ran = spawnSync(python.command ?? '', [script, folder], { input: JSON.stringify(sentences), encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout) as PythonTagging;
}

async function written(trained: TrainedTagger): Promise<string> {
  const folder = mkdtempSync(path.join(home, 'folder-'));
  const files = await exportedFiles(trained.store, { tagger: lastSnapshot(trained), precision: 'F32' });
  for (const { name, bytes } of files) writeFileSync(path.join(folder, name), bytes);
  return folder;
}

function furthest(left: readonly number[], right: readonly number[]): number {
  return left.reduce((worst, value, index) => Math.max(worst, Math.abs(value - (right[index] ?? NaN))), 0);
}
