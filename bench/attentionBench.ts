// Benchmarks attention without its projections, relative in XLNet and absolute in BERT: the engine's kernels against stock tfjs ops.
import * as tf from '@tensorflow/tfjs';
import { stateLength } from '../src/engine/gpu/kernel.ts';
import { aligned, type Recorder, type Region } from '../src/engine/gpu/recorder.ts';
import { recordAttention, recordAttentionBackward } from '../src/engine/kernels/attention/attention.ts';
import type { AttentionInputs } from '../src/engine/kernels/attention/attentionScores.ts';
import { attentionMask } from '../src/model/blocks/layerBlocks.ts';
import { selfContext } from '../src/model/families/bert.ts';
import { attentionInputs, relativeContext, type XlnetConfig } from '../src/model/families/xlnet.ts';
import { Rng } from '../src/util/random.ts';
import { drawnBatch } from '../tests/fixtures/drawnBatch.ts';
import { openRecording, type Words } from '../tests/fixtures/openRecording.ts';
import type { BenchHome, BenchReport, BenchRequest } from './benchReport.ts';
import { taggerOf } from './benchShape.ts';
import { benchContests, relativeDifference, type Contest } from './kernelContest.ts';

const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };
const BIASES = ['contentBias', 'positionBias', 'segmentBias', 'segmentEmbedding'] as const;

export function benchAttention(request: BenchRequest, home: BenchHome): Promise<BenchReport> {
  return benchContests('Attention of one layer', attentionContests, request, home);
}

const attentionContests: Parameters<typeof benchContests>[1] = async ({ gpu }, { shape }) => {
  const { batch: B, length: T, heads, d } = shape;
  const tagger = taggerOf(shape);
  const { encoder } = tagger;
  const batch = drawnBatch(tagger, B, T);
  const rng = Rng.seeded(5);
  const drawn = (length: number): Float32Array<ArrayBuffer> => Float32Array.from({ length }, () => rng.normal());
  const rows = B * T * d;
  const vectors = { queries: drawn(rows), keys: drawn(rows), values: drawn(rows) };
  const position = drawn(2 * T * d);
  const dContext = drawn(rows);
  const biases = BIASES.map((name) => drawn(name === 'segmentEmbedding' ? 2 * d : d));

  const contents: Record<string, Words> = {
    qkv: placed(Object.values(vectors)),
    position,
    layoutWords: Int32Array.from(placed([batch.segmentIds, batch.pieceCounts])),
    biases: placed(biases),
    state: new Uint32Array(stateLength(1)),
    context: new Float32Array(rows),
    logSumExp: new Float32Array(B * heads * T),
    dContext,
    dQkv: new Float32Array(3 * aligned(rows)),
    dPosition: new Float32Array(2 * T * d),
    dBiases: new Float32Array(3 * aligned(d) + aligned(2 * d)),
  };
  const attention = { sequences: B, pieces: T, heads, headSize: d / heads, layer: 0, rate: 0 };
  const forward = (recorder: Recorder, regions: Readonly<Record<string, Region>>) => {
    const named = regions as Readonly<Record<'qkv' | 'position' | 'layoutWords' | 'biases' | 'state' | 'context' | 'logSumExp', Region>>; // prettier-ignore
    const { context, logSumExp, qkv, position, layoutWords, biases, state } = named;
    const relative = encoder.family === 'xlnet' ? { position, biases } : null;
    const inputs: AttentionInputs = { qkv, layoutWords, state, relative };
    recordAttention(recorder, gpu.compute.attention, attention, inputs, { context, logSumExp });
    return { inputs, saved: { context, logSumExp } };
  };
  const both = (recorder: Recorder, regions: Readonly<Record<string, Region>>): void => {
    const { inputs, saved } = forward(recorder, regions);
    const { dContext, dQkv: qkv, dPosition: position, dBiases: biases } = regions as Readonly<Record<'dContext' | 'dQkv' | 'dPosition' | 'dBiases', Region>>; // prettier-ignore
    const relative = inputs.relative && { position, biases };
    recordAttentionBackward(recorder, gpu.compute.attention, attention, inputs, saved, dContext, { qkv, relative });
  };

  const relativeTensors = (): tf.Tensor[] => [
    tf.tensor2d(position, [2 * T, d]),
    ...biases.map((values, at) => tf.tensor(values, at === 3 ? [2, heads, d / heads] : [heads, d / heads])),
  ];
  const names = [...Object.keys(vectors), 'positionKeys', ...BIASES];
  const tensors = [
    ...Object.values(vectors).map((values) => tf.tensor2d(values, [B * T, d])),
    ...(encoder.family === 'xlnet' ? relativeTensors() : []),
  ];
  const layout = attentionInputs(batch.segmentIds, batch.pieceCounts, [B, T], new Float32Array(2 * T * d));
  const mask = attentionMask(batch.pieceCounts, [B, T]);
  const weight = tf.tensor2d(dContext, [B * T, d]);
  const contextOf = (...given: tf.Tensor[]): tf.Tensor => {
    const [queries, keys, values, positionKeys] = given as tf.Tensor2D[];
    const projections = { queries, keys, values, positionKeys } as Parameters<typeof relativeContext>[0];
    if (encoder.family === 'bert') return selfContext(projections, mask, encoder, NO_DROPOUT, null, 0);
    const named = new Map(names.map((name, at) => [name, given[at] as tf.Tensor]));
    return relativeContext(projections, layout, named, '', encoder as XlnetConfig, NO_DROPOUT, null, 0);
  };
  const gradients = tf.grads((...given: tf.Tensor[]) => tf.sum(tf.mul(contextOf(...given), weight)));

  const [ours, oursBoth] = [await openRecording(gpu, contents, forward), await openRecording(gpu, contents, both)];
  const product = 2 * B * heads * (d / heads) * T * T;
  const contests: readonly Contest[] = [
    {
      name: 'forward',
      ours,
      stock: () => void contextOf(...tensors),
      work: (encoder.family === 'xlnet' ? 3 : 2) * product,
      bytes: null,
      async difference() {
        await ours.run();
        const expected = tf.tidy(() => contextOf(...tensors));
        const values = await expected.data();
        expected.dispose();
        return { context: relativeDifference(await ours.read('context'), values) };
      },
    },
    {
      name: 'forward and backward',
      ours: oursBoth,
      stock: () => void gradients(tensors),
      // Scores, context; dV, dA, dQ and dK; in XLNet scores, dQ and dK for content and for position.
      work: (encoder.family === 'xlnet' ? 9 : 6) * product,
      bytes: null,
      async difference() {
        await oursBoth.run();
        const found = { qkv: await oursBoth.read('dQkv'), position: await oursBoth.read('dPosition'), biases: await oursBoth.read('dBiases') }; // prettier-ignore
        const expected = tf.tidy(() => gradients(tensors));
        const values = (await Promise.all(expected.map((one) => one.data()))) as Float32Array[];
        tf.dispose(expected);
        const own = { 'd queries, keys, values': relativeDifference(found.qkv, placed(values.slice(0, 3))) };
        if (encoder.family === 'bert') return own;
        return {
          ...own,
          'd position keys': relativeDifference(found.position, values[3] ?? []),
          'd biases': relativeDifference(found.biases, placed(values.slice(4))),
        };
      },
    },
  ];
  return contests;
};

/** Concatenates arrays, each beginning where a region may. */
function placed(parts: readonly ArrayLike<number>[]): Float32Array<ArrayBuffer> {
  const words = new Float32Array(parts.reduce((sum, { length }) => sum + aligned(length), 0));
  let end = 0;
  for (const one of parts) {
    words.set(one, end);
    end += aligned(one.length);
  }
  return words;
}
