// The start-up self-tests: tfjs' ops against plain JavaScript, the engine against plain JavaScript and against the plain network.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../model/blocks/encoderFamily.ts';
import { uploadParameters } from '../../model/blocks/layerBlocks.ts';
import type { HostParameters } from '../../model/blocks/parameterLocation.ts';
import { newEncoder, newHead, type TaggerShape } from '../../model/parameters.ts';
import { summedLoss } from '../../model/tagger.ts';
import { Rng } from '../../util/random.ts';
import type { SelfTestCheck } from '../../wire/trainingProtocol.ts';
import type { MatmulShape } from '../kernels/matmul/matmulTuning.ts';
import {
  openMachine,
  type ComputeOptions,
  type EngineGpu,
  type EngineHome,
  type EngineProcessor,
} from '../network/computeOptions.ts';
import { TaggerEngine } from '../network/taggerEngine.ts';
import { MatmulTrial } from '../tuning/autotune.ts';

// The start-up self-test: computes the ops the network needs on the backend and again in plain JavaScript.

interface Check {
  readonly name: string;
  readonly tolerance: number;
  run(rng: Rng): { readonly got: tf.Tensor; readonly expected: ArrayLike<number> };
}

/** Runs every check on the current backend. A check that throws counts as failed with an infinite error. */
export async function selfTest(): Promise<readonly SelfTestCheck[]> {
  const results: SelfTestCheck[] = [];
  for (const check of CHECKS) {
    let maxError = Infinity;
    try {
      let expected: ArrayLike<number> = [];
      const got = tf.tidy(() => {
        const outcome = check.run(Rng.seeded(1).fork(check.name));
        expected = outcome.expected;
        return outcome.got;
      });
      maxError = largestDifference(await got.data(), expected);
      got.dispose();
    } catch {
      // An infinite error reports that the op does not run on this backend.
    }
    results.push({ name: check.name, maxError, tolerance: check.tolerance, passed: maxError <= check.tolerance });
  }
  return results;
}

function largestDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Infinity;
  let largest = 0;
  for (let index = 0; index < got.length; index++) {
    const difference = Math.abs((got[index] as number) - (expected[index] as number));
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

function draw(rng: Rng, size: number): Float32Array {
  return Float32Array.from({ length: size }, () => rng.normal());
}

function product(
  a: Float32Array,
  b: Float32Array,
  [m, k, n]: readonly [number, number, number],
  transposeB: boolean,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += (a[i * k + l] as number) * (b[transposeB ? j * k + l : l * n + j] as number);
      out[i * n + j] = sum;
    }
  }
  return out;
}

const matmulCheck = (name: string, shape: readonly [number, number, number], transposeB: boolean): Check => ({
  name,
  tolerance: 1e-4 * Math.sqrt(shape[1]),
  run(rng) {
    const [m, k, n] = shape;
    const a = draw(rng, m * k);
    const b = draw(rng, k * n);
    const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n]);
    return {
      got: tf.matMul(tf.tensor2d(a, [m, k]), right, false, transposeB),
      expected: product(a, b, shape, transposeB),
    };
  },
});

const CHECKS: readonly Check[] = [
  matmulCheck('matrix product', [37, 65, 29], false),
  matmulCheck('matrix product with a transposed operand', [33, 40, 41], true),
  // The shape for which tfjs' split-K program reads the right operand wrongly (ENGINE guard).
  matmulCheck('long matrix product with a transposed operand', [32, 2048, 32], true),
  {
    name: 'softmax under a mask',
    tolerance: 1e-5,
    run(rng) {
      const [rows, columns] = [70, 33];
      const logits = draw(rng, rows * columns).map((value, index) => (index % 7 === 3 ? -1e30 : value));
      const expected = new Float64Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        const exps = Array.from(logits.subarray(row * columns, (row + 1) * columns), Math.exp);
        const sum = exps.reduce((total, value) => total + value, 0);
        exps.forEach((value, column) => (expected[row * columns + column] = value / sum));
      }
      return { got: tf.softmax(tf.tensor2d(logits, [rows, columns])), expected };
    },
  },
  {
    name: 'layer normalisation',
    tolerance: 1e-4,
    run(rng) {
      const [rows, columns] = [19, 128];
      const x = draw(rng, rows * columns).map((value) => value * 3 + 5);
      const expected = new Float64Array(rows * columns);
      for (let row = 0; row < rows; row++) {
        const values = x.subarray(row * columns, (row + 1) * columns);
        const mean = values.reduce((total, value) => total + value, 0) / columns;
        const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / columns;
        values.forEach(
          (value, column) => (expected[row * columns + column] = (value - mean) / Math.sqrt(variance + 1e-12)),
        );
      }
      const tensor = tf.tensor2d(x, [rows, columns]);
      const centred = tf.sub(tensor, tf.mean(tensor, 1, true));
      return { got: tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), 1e-12))), expected };
    },
  },
  {
    name: 'gradient of an embedding with repeated ids',
    tolerance: 1e-4,
    run(rng) {
      const [rows, columns, picks] = [50, 16, 300];
      const ids = Int32Array.from({ length: picks }, (_, index) => (index * 7) % 11);
      const upstream = draw(rng, picks * columns);
      const expected = new Float64Array(rows * columns);
      upstream.forEach((value, index) => {
        const at = (ids[Math.floor(index / columns)] as number) * columns + (index % columns);
        expected[at] = (expected[at] as number) + value;
      });
      const gradient = tf.grad((table: tf.Tensor) => tf.gather(table, tf.tensor1d(ids, 'int32')));
      return { got: gradient(tf.zeros([rows, columns]), tf.tensor2d(upstream, [picks, columns])), expected };
    },
  },
  {
    name: 'sigmoid and its gradient',
    tolerance: 1e-5,
    run(rng) {
      const x = draw(rng, 300).map((value) => 4 * value);
      const gate = (value: number): number => 1 / (1 + Math.exp(-value));
      const slopes = Array.from(x, (value) => gate(value) * gate(-value));
      const sigmoid = tf.valueAndGrad((values: tf.Tensor) => tf.sigmoid(values));
      const { value, grad } = sigmoid(tf.tensor1d(x), tf.ones([x.length]));
      return { got: tf.concat([value, grad]), expected: [...Array.from(x, gate), ...slopes] };
    },
  },
  {
    name: 'error function',
    tolerance: 1e-5,
    run() {
      const known = [0, 0.1, 0.5, 1, 1.5, 2, 3, -0.5, -2];
      const values = [0, 0.1124629160182849, 0.5204998778130465, 0.8427007929497149, 0.9661051464753108, 0.9953222650189527, 0.9999779095030014, -0.5204998778130465, -0.9953222650189527]; // prettier-ignore
      return { got: tf.erf(tf.tensor1d(known)), expected: values };
    },
  },
  {
    name: 'log-sum-exp of large numbers',
    tolerance: 1e-4,
    run() {
      const x = [90, 91, 92, -90, -91, -92];
      const expected = [
        92 + Math.log(1 + Math.exp(-1) + Math.exp(-2)),
        -90 + Math.log(1 + Math.exp(-1) + Math.exp(-2)),
      ];
      return { got: tf.logSumExp(tf.tensor2d(x, [2, 3]), 1), expected };
    },
  },
];

// The engine's self-test: matrix products against plain JavaScript, a whole tagger of each family against the plain network on the CPU.

/** Maximum error of an element, as a fraction of the quantity's largest magnitude. */
const TOLERANCE = { f32: 1e-3, mixed: 3e-2 } as const;

interface EngineCheck {
  readonly name: string;
  run(): Promise<number>;
}

function gradientChecks(title: string, home: EngineHome): readonly EngineCheck[] {
  const checks = (compute: ComputeOptions, what = ''): readonly EngineCheck[] => [
    { name: `${title}: loss and gradients of a tagger${what}`, run: () => gradientError(home, compute, XLNET) },
    { name: `${title}: loss and gradients of a BERT tagger${what}`, run: () => gradientError(home, compute, BERT) },
    { name: `${title}: loss and gradients with narrow embeddings${what}`, run: () => gradientError(home, compute, NARROW) }, // prettier-ignore
  ];
  const { compute } = home;
  // Some encoders are recorded product by product alone.
  const others = [
    {
      name: `${title}: loss and gradients of a ModernBERT tagger`,
      run: () => gradientError(home, compute, MODERNBERT),
    },
    { name: `${title}: loss and gradients of a DeBERTa-v3 tagger`, run: () => gradientError(home, compute, DEBERTA) },
  ];
  if (compute.blocks === 'products') return [...checks(compute), ...others];
  // The taggers here are small: a wide one runs the other kernels.
  return [...checks({ ...compute, blocks: 'products' }), ...others, ...checks(compute, ', row by row')];
}

/** Runs every check on a GPU, under its options. A check that throws counts as failed with an infinite error. */
export function engineSelfTest(gpu: EngineGpu): Promise<readonly SelfTestCheck[]> {
  const mixed = gpu.compute.precision === 'mixed';
  const title = mixed ? 'engine in mixed precision' : 'engine';
  const products = { name: `${title}: matrix products`, run: () => productError(gpu) };
  return resultsOf([products, ...gradientChecks(title, gpu)], TOLERANCE[gpu.compute.precision]);
}

/** Likewise on the processor. */
export function processorSelfTest(processor: EngineProcessor): Promise<readonly SelfTestCheck[]> {
  return resultsOf(gradientChecks('engine on the processor', processor), TOLERANCE.f32);
}

async function resultsOf(checks: readonly EngineCheck[], tolerance: number): Promise<readonly SelfTestCheck[]> {
  const results: SelfTestCheck[] = [];
  for (const { name, run } of checks) {
    const maxError = await run().catch(() => Infinity);
    results.push({ name, maxError, tolerance, passed: maxError <= tolerance });
  }
  return results;
}

const PRODUCTS: readonly MatmulShape[] = (['nn', 'nt', 'tn'] as const).flatMap((kind) => [
  { kind, rows: 36, columns: 68, inner: 100, into: 'write' },
  { kind, rows: 512, columns: 576, inner: 32, into: 'write' },
  { kind, rows: 64, columns: 64, inner: 640, into: 'write' },
]);

/** Over the products above, computed with the device's options; relative to the largest element. */
async function productError(gpu: EngineGpu): Promise<number> {
  let worst = 0;
  for (const shape of PRODUCTS) {
    const trial = new MatmulTrial(gpu.device, shape, gpu.pipelines);
    try {
      const candidate = await trial.candidate(gpu.compute.tuning.variantFor(shape));
      const found = await candidate.sample();
      candidate.release();
      worst = Math.max(worst, relativeError(found, trial.expectedSample()));
    } finally {
      trial.release();
    }
  }
  return worst;
}

const SIZES = {
  layers: 2,
  hiddenSize: 16,
  heads: 2,
  headSize: 8,
  innerSize: 32,
  vocabularySize: 20,
  activation: 'gelu',
  layerNormEpsilon: 1e-12,
  initializerRange: 0.3,
} as const;
const HEAD = { tagCount: 5, kind: 'crf', startEnd: true } as const;
const XLNET: TaggerShape = { encoder: { ...SIZES, family: 'xlnet', clampLength: null }, head: HEAD };
const BERT: TaggerShape = { encoder: { ...SIZES, layers: 1, family: 'bert', positions: 16, segments: 2 }, head: HEAD };
/** ELECTRA's narrow embeddings, with positions that begin as RoBERTa's do. */
const NARROW: TaggerShape = {
  encoder: { ...SIZES, layers: 1, family: 'electra', positions: 18, firstPosition: 2, segments: 2, embeddingSize: 12 },
  head: HEAD,
};
const MODERNBERT: TaggerShape = {
  encoder: {
    ...SIZES,
    family: 'modernbert',
    positions: 16,
    isLocal: [false, true],
    window: 2,
    globalTheta: 1e4,
    localTheta: 10,
  },
  head: HEAD,
};
const DEBERTA: TaggerShape = {
  encoder: { ...SIZES, layers: 1, family: 'deberta-v2', span: 4, buckets: 4, furthest: 12 },
  head: HEAD,
};
const DROPOUT = { encoder: 0.1, attention: 0.1, head: 0.1 };
const SETTINGS = { seed: 1, step: 1, learningRate: 0 };

/** Two sequences, one of them mostly padding, in two segments. */
function testBatch(): Batch {
  const [size, pieces, counts] = [2, 16, [16, 5]] as const;
  const each = (of: (at: number) => number): Int32Array =>
    Int32Array.from({ length: size * pieces }, (_, at) => of(at));
  return {
    size,
    pieces,
    positions: pieces,
    pieceIds: each((at) => (at * 7) % SIZES.vocabularySize),
    segmentIds: each((at) => (at % pieces > 9 ? 1 : 0)),
    pieceCounts: Int32Array.from(counts),
    crfPositions: each((at) => at % pieces),
    tags: each((at) => (at * 3) % HEAD.tagCount),
    crfCounts: Int32Array.from(counts),
  };
}

async function gradientError(home: EngineHome, compute: ComputeOptions, shape: TaggerShape): Promise<number> {
  const rng = Rng.seeded(1);
  const host: HostParameters = new Map([...newEncoder(shape.encoder, 1), ...newHead(shape.encoder, shape.head, 1)]);
  for (const { values } of host.values()) values.forEach((value, at) => (values[at] = value + 0.1 * rng.normal()));
  const engine = new TaggerEngine(openMachine(home), {
    ...compute,
    shape,
    config: {
      adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonForm: 'standard' },
      clipNorm: null,
      dropout: DROPOUT,
    },
    trained: () => true,
    factorsOf: () => ({ rate: 1, gradient: 1 }),
  });
  try {
    engine.upload(host);
    await engine.step([testBatch()], SETTINGS);
    const [loss] = await engine.readPending();
    const gradients = await engine.download('gradient');
    const plain = await plainGradients(host, shape);
    let worst = Math.abs(loss / plain.loss - 1);
    for (const [name, expected] of plain.gradients) {
      const found = gradients.get(name)?.values ?? new Float32Array();
      // Softmax is invariant to a bias on keys: its gradient is zero up to rounding, so scale the error by that of the values'
      // bias.
      const measure = plain.gradients.get(name.replace('key.bias', 'value.bias'));
      worst = Math.max(worst, relativeError(found.map((value) => value / engine.lossScale), expected, measure)); // prettier-ignore
    }
    return worst;
  } finally {
    engine.release();
  }
}

/** Uses tfjs' `cpu` backend, which shares nothing with a GPU; restores the previous backend afterwards. */
async function plainGradients(
  host: HostParameters,
  shape: TaggerShape,
): Promise<{ readonly loss: number; readonly gradients: ReadonlyMap<string, Float32Array> }> {
  const current = tf.getBackend();
  await tf.setBackend('cpu');
  try {
    const parameters = uploadParameters(host);
    const names = [...host.keys()];
    const batch = testBatch();
    const meanLoss = (...tensors: tf.Tensor[]): tf.Scalar => {
      const named = new Map(names.map((name, at) => [name, tensors[at] as tf.Tensor]));
      return tf.div(summedLoss(batch, named, shape, DROPOUT, { ...SETTINGS, microBatch: 0 }), batch.size);
    };
    const { value, grads } = tf.valueAndGrads(meanLoss)(names.map((name) => parameters.get(name) as tf.Tensor));
    const [loss = NaN] = await value.data();
    const gradients = new Map<string, Float32Array>();
    for (const [at, name] of names.entries())
      gradients.set(name, (await (grads[at] as tf.Tensor).data()) as Float32Array);
    tf.dispose([value, grads, ...parameters.values()]);
    return { loss, gradients };
  } finally {
    await tf.setBackend(current);
  }
}

/** Largest difference over the largest magnitude of `measure`, or over 1e-3 if that is larger. */
function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>, measure = expected): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0;
  let magnitude = 1e-3;
  for (let at = 0; at < expected.length; at++) {
    const off = Math.abs((found[at] as number) - (expected[at] as number));
    if (!(off <= difference)) difference = Number.isNaN(off) ? Infinity : off;
    magnitude = Math.max(magnitude, Math.abs(measure[at] as number));
  }
  return difference / magnitude;
}
