// Proves that taggers that read others and language models over characters compute what PyTorch computes, gradients included, whatever the padding.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import type { Batch } from '../../src/model/blocks/encoderFamily.ts';
import { uploadParameters } from '../../src/model/blocks/layerBlocks.ts';
import { encoderConfig, encoderShapes, familyOf, type EncoderConfig } from '../../src/model/families/encoderConfig.ts';
import { characterTexts, languageLoss, SPACE } from '../../src/model/families/words/languageModels.ts';
import { drawnWeights } from '../../src/model/families/words/wordNetwork.ts';
import { encoderStates, frozenFeatures } from '../../src/model/tagger.ts';
import { batchCharacters } from '../../src/training/batches.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

type Numbers = readonly number[];
type Parameters = Readonly<Record<string, { readonly shape: Numbers; readonly values: Numbers }>>;

interface Reference {
  readonly sentences: readonly Numbers[];
  readonly spelled: Readonly<Record<string, Numbers>>;
  readonly cases: readonly {
    readonly name: string;
    readonly config: unknown;
    readonly parameters: Parameters;
    readonly states: readonly Numbers[];
    readonly weights: Numbers;
    readonly gradients: Readonly<Record<string, Numbers>>;
  }[];
  readonly language: {
    readonly sizes: { readonly size: number; readonly hidden: number; readonly layers: number };
    readonly texts: readonly Numbers[];
    readonly parameters: Parameters;
    readonly loss: number;
    readonly gradients: Readonly<Record<string, Numbers>>;
  };
}

const file = path.join(import.meta.dirname, '../fixtures/reference/helpers.json');
const reference = JSON.parse(readFileSync(file, 'utf8')) as Reference;

/** The sentences of the reference from number `from` on, padded to `pieces`. */
function batchOf(pieces: number, from = 0): Batch {
  const sentences = reference.sentences.slice(from);
  const size = sentences.length;
  const pieceIds = new Int32Array(size * pieces).fill(5);
  sentences.forEach((ids, row) => pieceIds.set(ids, row * pieces));
  const spelled = sentences.map((ids) => ids.map((id) => Int32Array.from(reference.spelled[id] ?? [])));
  return {
    size,
    pieces,
    positions: 1,
    pieceIds,
    segmentIds: new Int32Array(size * pieces),
    pieceCounts: Int32Array.from(sentences, ({ length }) => length),
    characters: batchCharacters(spelled, pieces),
    crfPositions: new Int32Array(size),
    tags: new Int32Array(size),
    crfCounts: new Int32Array(size).fill(1),
  };
}

function realRows(state: tf.Tensor2D, { pieces, pieceCounts }: Batch): tf.Tensor2D {
  const rows = [...pieceCounts].flatMap((count, b) => Array.from({ length: count }, (_, at) => b * pieces + at));
  return tf.gather(state, tf.tensor1d(rows, 'int32'));
}

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

function largestDifference(found: ArrayLike<number>, expected: Numbers): number {
  if (found.length !== expected.length) return Infinity;
  return expected.reduce((worst, value, index) => Math.max(worst, Math.abs(value - (found[index] ?? NaN))), 0);
}

const hostOf = (parameters: Parameters) =>
  new Map(Object.entries(parameters).map(([name, { shape, values }]) => [name, { shape, values: Float32Array.from(values) }])); // prettier-ignore

describe.each(['cpu', 'wasm'] as const)('on %s', (backend) => {
  beforeAll(() => startBackend(backend, nodePlatform));

  it.each(reference.cases)(
    '$name: states and gradients are those of PyTorch, with features computed before or not',
    async (one) => {
      const config = encoderConfig(one.config);
      const shapes = Object.entries(one.parameters).map(([name, { shape }]) => [name, shape] as const);
      expect(Object.fromEntries(encoderShapes(config))).toEqual(Object.fromEntries(shapes));
      const parameters = uploadParameters(hostOf(one.parameters));
      const trained = [...encoderShapes(config).keys()].filter((name) => familyOf(config).isConstant?.(name) !== true);
      for (const batch of [batchOf(5), batchOf(16)]) {
        const features = frozenFeatures(batch, parameters, config);
        expect(features?.shape).toEqual([batch.size * batch.pieces, familyOf(config).frozen?.width(config)]);
        for (const given of [batch, { ...batch, features: features as tf.Tensor2D }]) {
          const states = tf.tidy(() => encoderStates(given, parameters, config, NO_DROPOUT, null).map((state) => realRows(state, batch))); // prettier-ignore
          for (const [index, state] of states.entries()) {
            expect(largestDifference(await state.data(), one.states[index] ?? []), `state ${index}`).toBeLessThan(1e-5);
          }
          const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
            const named = new Map(parameters);
            trained.forEach((name, index) => named.set(name, tensors[index] as tf.Tensor));
            const rows = realRows(encoderStates(given, named, config, NO_DROPOUT, null).at(-1) as tf.Tensor2D, batch);
            return tf.sum(tf.mul(rows, tf.tensor(one.weights, rows.shape)));
          };
          const gradients = tf.tidy(() => tf.grads(loss)(trained.map((name) => parameters.get(name) as tf.Tensor)));
          for (const [index, name] of trained.entries()) {
            const found = await (gradients[index] as tf.Tensor).data();
            expect(largestDifference(found, one.gradients[name] ?? []), name).toBeLessThan(2e-5);
          }
        }
      }
    },
  );

  it('language models have the loss and every gradient of PyTorch', async () => {
    const { sizes, texts, parameters: stored, loss, gradients } = reference.language;
    const parameters = uploadParameters(hostOf(stored));
    const names = Object.keys(stored);
    const batch = characterTexts(texts.map((text) => [...text, SPACE]));
    const lossOf = (...tensors: tf.Tensor[]): tf.Scalar =>
      languageLoss(batch, new Map(names.map((name, index) => [name, tensors[index] as tf.Tensor])), sizes);
    const { value, grads } = tf.tidy(() =>
      tf.valueAndGrads(lossOf)(names.map((name) => parameters.get(name) as tf.Tensor)),
    );
    expect(Math.abs(((await value.data())[0] as number) - loss)).toBeLessThan(1e-5);
    for (const [index, name] of names.entries()) {
      const found = await (grads[index] as tf.Tensor).data();
      expect(largestDifference(found, gradients[name] ?? []), name).toBeLessThan(2e-5);
    }
  });

  it('a sequence gets the same features whatever others are in its batch', async () => {
    for (const one of reference.cases) {
      const config = encoderConfig(one.config);
      const parameters = uploadParameters(hostOf(one.parameters));
      const [all, last] = [batchOf(5), batchOf(5, 2)].map((batch) => realRows(frozenFeatures(batch, parameters, config) as tf.Tensor2D, batch)); // prettier-ignore
      const rows = await (all as tf.Tensor2D).data();
      const own = await (last as tf.Tensor2D).data();
      expect(largestDifference(rows.slice(-own.length), [...own])).toBeLessThan(1e-6);
    }
  });

  it('with scales of zero, the network is the one that reads nothing', async () => {
    const config = encoderConfig(reference.cases[0]?.config) as EncoderConfig & { helpers?: number };
    const { helpers: _, ...alone } = config;
    const tagger = drawnWeights([...encoderShapes(alone as EncoderConfig)], 3);
    const { collaboration } = familyOf(config);
    const helpers = [0, 1].flatMap((helper) => [...(collaboration?.helper(config, tagger, helper) ?? [])]);
    const started = new Map([...(collaboration?.start(config, tagger, 4) ?? []), ...helpers]);
    expect(new Set(started.keys())).toEqual(new Set(encoderShapes(config).keys()));
    for (const [name, shape] of encoderShapes(config)) expect(started.get(name)?.shape, name).toEqual(shape);
    const scales = started.get('embedding.scales');
    expect([...(scales?.values ?? [])]).toEqual([1, 1]);
    const last = async (weights: typeof started, of: EncoderConfig): Promise<ArrayLike<number>> => {
      const parameters = uploadParameters(weights);
      const batch = batchOf(5);
      return realRows(encoderStates(batch, parameters, of, NO_DROPOUT, null).at(-1) as tf.Tensor2D, batch).data();
    };
    const own = await last(new Map(tagger), alone as EncoderConfig);
    started.set('embedding.scales', { shape: [2], values: new Float32Array(2) });
    expect(largestDifference(await last(started, config), Array.from(own))).toBeLessThan(1e-6);
    started.set('embedding.scales', { shape: [2], values: new Float32Array(2).fill(1) });
    expect(largestDifference(await last(started, config), Array.from(own))).toBeGreaterThan(1e-3);
  });
});
