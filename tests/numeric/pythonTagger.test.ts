// Proves that an exported folder gives the same emissions and tags in Python, without missing keys (if torch and transformers are installed).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSequences, joinPredictions } from '../../src/data/pieces/sequences.ts';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import { uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import { argmaxTags, viterbi } from '../../src/model/chainPaths.ts';
import { emissions } from '../../src/model/tagger.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { Method } from '../../src/schema/methods.ts';
import { padBatch } from '../../src/training/batches.ts';
import { loadTagger } from '../../src/training/loadTagger.ts';
import { openTagger, tagUnlabelled } from '../../src/training/tagSentences.ts';
import { drain } from '../../src/util/clock.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';
import { bertFolder } from '../fixtures/bertFolders.ts';
import { encoderFolder, laterFamilies } from '../fixtures/encoderFolders.ts';
import { modelFolder } from '../fixtures/modelFolders.ts';
import { pythonWithTransformers } from '../fixtures/pythonWithTransformers.ts';
import { spec } from '../fixtures/records.ts';
import { exportedFiles, lastSnapshot, trainedTagger, type TrainedTagger } from '../fixtures/trainedTagger.ts';

const python = pythonWithTransformers();
if (python.command === null) console.info(`The Python file of exported taggers is not run: ${python.reason}.`);

const sentences: readonly (readonly string[])[] = [
  ['The', 'gene', 'of', 'the', 'moss', 'causes', "Brann's", 'rot', '.'],
  ['12,', '“Café”', 'and', 'Ωmega-3', '(', 'zinc', ')', '--', 'stem', 'rot', 'in', '30', 'plants', ';', 'no', 'cells'],
  ['x'],
  ['unbelievablylongnameofaproteinwithoutanyspaces', 'binds', '\u00a0', 'iron'],
];

const familyIn = (name: string): string => name.split(',')[0] ?? '';
const pretrained = (name: string) => {
  if (laterFamilies.includes(familyIn(name))) return encoderFolder(familyIn(name));
  return name === 'BERT' ? bertFolder('safetensors') : modelFolder('f16');
};
const architectures: Readonly<Record<string, string>> = {
  BERT: 'BertForTokenClassification',
  roberta: 'RobertaForTokenClassification',
  electra: 'ElectraForTokenClassification',
  modernbert: 'ModernBertModel',
  'deberta-v2': 'DebertaV2ForTokenClassification',
};
const home = mkdtempSync(path.join(os.tmpdir(), 'tagger-'));
afterAll(() => rmSync(home, { recursive: true }));
beforeAll(() => startBackend('wasm', nodePlatform));

const forms: readonly (readonly [string, Partial<TrainingConfig>, Method?])[] = [
  ['label mode x, start and end states', { labelMode: 'x', crfStartEnd: true }],
  ['label mode first, lower case, no start and end states', { labelMode: 'first', lowerCase: true, crfStartEnd: false }],
  ['label mode all, whole sentences', { labelMode: 'all', encoding: 'sentence', crfStartEnd: true }],
  ['softmax', { labelMode: 'first', head: 'softmax', encoding: 'sentence' }],
  ['BERT', { labelMode: 'x', specials: 'cls-sep', encoding: 'sentence', specialsInLoss: true }],
  ...laterFamilies.flatMap((family): [string, Partial<TrainingConfig>][] => [
    [family, { labelMode: 'x', specials: 'cls-sep', specialsInLoss: true, lowerCase: family === 'modernbert' }],
    [`${family}, whole sentences`, { labelMode: 'first', specials: 'cls-sep', encoding: 'sentence' }],
  ]),
  ['all-in-one tags', { labelMode: 'x', crfStartEnd: true, maxPieces: 48 }, 'AIO'],
  ['all-in-one tags, label mode first, packed', { labelMode: 'first', layout: 'packed', maxPieces: 48 }, 'AIO'],
  ["the released code's form", { labelMode: 'x', layout: 'packed', specials: 'sep-sep-cls', specialsInLoss: true }],
]; // prettier-ignore

describe.skipIf(python.command === null)('tag.py', () => {
  const here = new Map<string, Tagging & { readonly labels: readonly string[] }>();
  const there = new Map<string, PythonTagging>();

  // A single Python process for all cases, because its imports take seconds.
  beforeAll(async () => {
    const folders: string[] = [];
    for (const [name, changes, method] of forms) {
      const trained = await taggerOf(name, changes, method);
      here.set(name, { ...(await taggedHere(trained)), labels: trained.record.tags });
      folders.push(await written(trained));
    }
    const script = path.join(import.meta.dirname, '../fixtures/taggers/run_tag.py');
    const answers = JSON.parse(ranPython([script, ...folders], JSON.stringify(sentences))) as readonly PythonTagging[];
    answers.forEach((answer, index) => there.set(forms[index]?.[0] ?? '', answer));
  });

  it.each(forms.map(([name]) => name))('equals the lab: %s', (name) => {
    const ours = here.get(name);
    const theirs = there.get(name);
    if (ours === undefined || theirs === undefined) throw new Error(`${name} was not tagged`);
    expect(theirs.emissions.map((rows) => rows.length)).toEqual(ours.emissions.map((rows) => rows.length));
    expect(furthest(theirs.emissions.flat(2), ours.emissions.flat(2))).toBeLessThan(1e-4);
    expect(theirs.tags).toEqual(ours.tags);
    expect(new Set(ours.tags.flat()).size).toBeGreaterThan(1);
    expect(theirs).toMatchObject({ missing: [], mismatched: [], labels: ours.labels });
    expect(theirs.unexpected.filter((key) => !/^(crf|classifier)\./.test(key))).toEqual([]);
    expect(theirs.architecture).toBe(architectures[familyIn(name)] ?? 'XLNetForTokenClassification');
    expect(theirs.pieces.length).toBeGreaterThan(sentences[0]?.length ?? 0);
  });

  it('asks for the types that are named, and refuses others', async () => {
    const folder = await written(await taggerOf('all-in-one tags', { labelMode: 'first', maxPieces: 48 }, 'AIO'));
    const program = path.join(folder, 'tag.py');
    const rows = sentences.map((tokens) => tokens.map((token) => `${token}\n`).join('')).join('\n');
    const types = (answer: string) =>
      [...new Set([...answer.matchAll(/\t[BIES]-(\S+)/gu)].map(([, type]) => type))].sort();
    expect(types(ranPython([program, folder], rows))).toEqual(['Disease', 'Gene']);
    expect(types(ranPython([program, folder, 'Gene'], rows))).toEqual(['Gene']);
    expect(() => ranPython([program, folder, 'Cell'], rows)).toThrow(/can be asked for Disease, Gene, not for Cell/);
  });

  it('reads and prints CoNLL rows', async () => {
    const folder = await written(await trainedTagger(modelFolder('f16'), { labelMode: 'first' }));
    const rows = 'moss\tO\nrot\tB-Disease\n\n\nzinc iron\n';
    expect(ranPython([path.join(folder, 'tag.py'), folder], rows)).toMatch(/^moss\t\S+\nrot\t\S+\n\nzinc\t\S+\n\n$/);
  });
});

interface Tagging {
  /** [sequences][N][K] */
  readonly emissions: readonly (readonly (readonly number[])[])[];
  readonly tags: readonly (readonly string[])[];
}

function taggerOf(name: string, changes: Partial<TrainingConfig>, method: Method = 'STL'): Promise<TrainedTagger> {
  const [task] = spec().tasks;
  const tasks = task === undefined || method === 'STL' ? {} : { tasks: [task, { ...task, type: 'Gene' }] };
  return trainedTagger(pretrained(name), changes, { method, ...tasks });
}

async function taggedHere(trained: TrainedTagger): Promise<Tagging> {
  const loaded = await loadTagger(trained.store, lastSnapshot(trained));
  const { shape, weights, tokenizer, tagSet, head } = loaded;
  const unlabelled = sentences.map((tokens) => ({ tokens, mentions: [] }));
  const asks = head.asked === true ? head.types : [null];
  const sequences = asks.flatMap(
    (asked) => buildSequences(unlabelled, tagSet, tokenizer, head.config, { asked }).sequences,
  );
  const parameters = uploadParameters(weights);
  const none = { encoder: 0, attention: 0, head: 0 };
  const scores = sequences.map((sequence, index) => {
    const rows = tf.tidy(() => emissions(padBatch(sequences, [index]), parameters, shape, none, null).arraySync()[0]);
    return (rows ?? []).slice(0, sequence.crfPositions.length);
  });
  if (head.asked === true) {
    const tagger = openTagger(null, loaded);
    const tagged = await drain(tagUnlabelled(unlabelled, tagger, head.config, new AbortController().signal));
    tagger.predictor.dispose();
    return { emissions: scores, tags: tagged.map(({ tags }) => tags) };
  }
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

/** Standard output of a Python program. */
function ranPython(args: readonly string[], input: string): string {
  const { status, stdout, stderr } = spawnSync(python.command ?? '', args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
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
