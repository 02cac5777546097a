// The engine's self-test: matrix products against plain JavaScript, a whole tagger of each family against the plain network on the CPU.
import * as tf from '@tensorflow/tfjs';
import type { Batch } from '../../model/blocks/batch.ts';
import { uploadParameters } from '../../model/blocks/deviceParameters.ts';
import type { HostParameters } from '../../model/blocks/hostParameters.ts';
import { newEncoder, newHead } from '../../model/parameters.ts';
import { summedLoss, type TaggerShape } from '../../model/tagger.ts';
import { Rng } from '../../util/random.ts';
import type { SelfTestCheck } from '../../wire/trainingEvent.ts';
import type { MatmulShape } from '../kernels/matmul/matmulShape.ts';
import {
  openMachine,
  type ComputeOptions,
  type EngineGpu,
  type EngineHome,
  type EngineProcessor,
} from '../network/computeOptions.ts';
import { TaggerEngine } from '../network/taggerEngine.ts';
import { MatmulTrial } from '../tuning/matmulTrial.ts';

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
