// Reads a Hugging Face reference folder: a tagger, a batch, and the results of transformers and a float64 CRF.
import type { Batch } from '../../src/model/blocks/encoderFamily.ts';
import type { HostParameters, HostTensor } from '../../src/model/blocks/parameterLocation.ts';
import { encoderConfig, encoderShapes } from '../../src/model/families/encoderConfig.ts';
import type { TaggerShape } from '../../src/model/parameters.ts';
import { huggingFaceTensor, parameterValues, pretrainedEncoder } from '../../src/model/weights/pretrained.ts';
import { readSafetensors, transposed, type FileTensor } from '../../src/model/weights/safetensors.ts';
import * as z from '../../src/util/zod.ts';

/** The files of a reference folder. */
export interface ReferenceFiles {
  readonly configJson: string;
  readonly weights: Uint8Array<ArrayBuffer>;
  readonly caseJson: string;
  readonly caseTensors: Uint8Array<ArrayBuffer>;
}

/** One compared quantity; `relative` is the largest difference over the reference's largest magnitude. */
export interface ParityRow {
  readonly name: string;
  readonly absolute: number;
  readonly relative: number;
  readonly passed: boolean;
}

/** Sums over pieces grow with a sequence, and so does the rounding of f32. */
const SUM_TOLERANCE = 1e-6;
const FORWARD_TOLERANCE = 1e-4;
const GRADIENT_TOLERANCE = 1e-3;
const ZERO_TOLERANCE = 1e-5;
/** A gradient no larger than this is zero up to rounding in float64. */
const ROUNDING = 1e-12;
const caseSchema = z.object({
  lengths: z.array(z.int().check(z.gte(1))),
  viterbi: z.array(z.object({ path: z.array(z.int()), score: z.number() })),
  tag_count: z.int(),
});

export interface ReferenceCase {
  readonly shape: TaggerShape;
  readonly host: HostParameters;
  readonly batch: Batch;
  /** Best path of each sequence, with its score. */
  readonly viterbi: readonly { readonly path: readonly number[]; readonly score: number }[];
  /** Whether the case has a tensor: `last_hidden`, what the head reads, is not in every one. */
  has(name: string): boolean;
  /** Throws if the case lacks the tensor. */
  expected(name: string): FileTensor['values'];
  /** Returns the reference gradient of a parameter, in the lab's layout. */
  expectedGradient(name: string): Float32Array;
  /** Whether an element of rows of `width`, one per piece, belongs to a real piece. */
  isReal(width: number): (index: number) => boolean;
}

export function readReferenceCase(files: ReferenceFiles): ReferenceCase {
  const encoder = encoderConfig(JSON.parse(files.configJson));
  const known = caseSchema.parse(JSON.parse(files.caseJson));
  const reference = readSafetensors(files.caseTensors);
  const shape: TaggerShape = { encoder, head: { tagCount: known.tag_count, kind: 'crf', startEnd: true } };
  const batch = referenceBatch(reference, known.lengths);
  return {
    shape,
    host: new Map([...pretrainedEncoder(readSafetensors(files.weights), encoder), ...referenceHead(reference)]),
    batch,
    viterbi: known.viterbi,
    has: (name) => reference.has(name),
    expected: (name) => tensorOf(reference, name).values,
    expectedGradient: (name) => theirGradient(name, shape, reference),
    isReal: (width) => (index) => {
      const row = Math.floor(index / width);
      return row % batch.pieces < (batch.pieceCounts[Math.floor(row / batch.pieces)] as number);
    },
  };
}

function tensorOf(reference: ReadonlyMap<string, FileTensor>, name: string): FileTensor {
  const tensor = reference.get(name);
  if (tensor === undefined) throw new Error(`the reference case lacks tensor ${name}`);
  return tensor;
}

function referenceHead(reference: ReadonlyMap<string, FileTensor>): HostParameters {
  const copy = (name: string): HostTensor => {
    const { shape, values } = tensorOf(reference, name);
    return { shape, values: Float32Array.from(values) };
  };
  const weight = copy('classifier.weight'); // [K, d] there
  const kernelShape = [...weight.shape].reverse();
  return new Map([
    ['head.kernel', { shape: kernelShape, values: transposed(weight.values, kernelShape) }],
    ['head.bias', copy('classifier.bias')],
    ['crf.transitions', copy('crf.transitions')],
    ['crf.start', copy('crf.start')],
    ['crf.end', copy('crf.end')],
  ]);
}

/** Every piece is a CRF position, up to each sequence's length. */
function referenceBatch(reference: ReadonlyMap<string, FileTensor>, lengths: readonly number[]): Batch {
  const ids = tensorOf(reference, 'input_ids');
  const [size = 0, pieces = 0] = ids.shape;
  return {
    size,
    pieces,
    positions: pieces,
    pieceIds: Int32Array.from(ids.values),
    segmentIds: Int32Array.from(tensorOf(reference, 'token_type_ids').values),
    pieceCounts: Int32Array.from(lengths),
    crfPositions: Int32Array.from({ length: size * pieces }, (_, index) => index % pieces),
    tags: Int32Array.from(tensorOf(reference, 'tags').values),
    crfCounts: Int32Array.from(lengths),
  };
}

function theirGradient(name: string, shape: TaggerShape, reference: ReadonlyMap<string, FileTensor>): Float32Array {
  const values = (theirs: string): Float32Array<ArrayBuffer> =>
    Float32Array.from(tensorOf(reference, `grad.${theirs}`).values);
  if (name === 'head.kernel')
    return transposed(values('classifier.weight'), [shape.encoder.hiddenSize, shape.head.tagCount]);
  if (name === 'head.bias') return values('classifier.bias');
  if (name.startsWith('crf.')) return values(name);
  const there = huggingFaceTensor(name, shape.encoder);
  return parameterValues(values(there.name), there, encoderShapes(shape.encoder).get(name) ?? []);
}

/** The largest difference from a sum over pieces, such as a loss, that passes: 1e-6 of it, or 1e-4 where it is small. */
export function sumTolerance(expected: number): number {
  return Math.max(FORWARD_TOLERANCE, SUM_TOLERANCE * Math.abs(expected));
}

/**
 * Forward quantities pass at 1e-4 absolute, sums over pieces as `sumTolerance` says, gradients at 1e-3 relative, or at 1e-5 absolute where the reference in float64 is only
 * rounding: softmax is invariant to a bias on all keys. Throws if the lengths differ.
 */
export function compare(
  name: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  kind: 'forward' | 'sum' | 'gradient',
  counts: (index: number) => boolean = () => true,
): ParityRow {
  if (got.length !== expected.length)
    throw new Error(`${name}: ${got.length} values where the reference has ${expected.length}`);
  let absolute = 0;
  let magnitude = 0;
  let isNear = true;
  for (let index = 0; index < got.length; index++) {
    if (!counts(index)) continue;
    const difference = Math.abs((got[index] as number) - (expected[index] as number));
    absolute = difference <= absolute ? absolute : Number.isNaN(difference) ? Infinity : difference;
    magnitude = Math.max(magnitude, Math.abs(expected[index] as number));
    isNear &&= difference <= (kind === 'sum' ? sumTolerance(expected[index] as number) : FORWARD_TOLERANCE);
  }
  const relative = absolute === 0 ? 0 : absolute / magnitude;
  const passed =
    kind !== 'gradient'
      ? isNear
      : relative <= GRADIENT_TOLERANCE || (magnitude <= ROUNDING && absolute <= ZERO_TOLERANCE);
  return { name, absolute, relative, passed };
}
