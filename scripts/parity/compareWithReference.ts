// Our tagger against a Hugging Face reference folder: forward, loss, gradients and Viterbi paths.
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Batch } from '../../src/model/batch.ts';
import { crfLogLikelihood } from '../../src/model/crf.ts';
import type { DeviceParameters } from '../../src/model/deviceParameters.ts';
import { disposeParameters, uploadParameters } from '../../src/model/deviceParameters.ts';
import type { HostParameters, HostTensor } from '../../src/model/parameters.ts';
import { huggingFaceTensor, pretrainedEncoder, transposed } from '../../src/model/pretrained.ts';
import type { FileTensor } from '../../src/model/safetensors.ts';
import { readSafetensors } from '../../src/model/safetensors.ts';
import type { TaggerShape } from '../../src/model/tagger.ts';
import { emissions, pieceEmissions, summedLoss } from '../../src/model/tagger.ts';
import { viterbi } from '../../src/model/viterbi.ts';
import { xlnetEncoder } from '../../src/model/xlnet/encoder.ts';
import { xlnetConfig } from '../../src/model/xlnetConfig.ts';

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

const FORWARD_TOLERANCE = 1e-4;
const GRADIENT_TOLERANCE = 1e-3;
const NO_DROPOUT = { encoder: 0, attention: 0, head: 0 };

const caseSchema = z.object({
  lengths: z.array(z.int().min(1)),
  viterbi: z.array(z.object({ path: z.array(z.int()), score: z.number() })),
  tag_count: z.int(),
});

/** Compares on whatever tfjs backend is current. Forward quantities pass at 1e-4 absolute, gradients at 1e-3 relative. */
export async function compareWithReference(files: ReferenceFiles): Promise<readonly ParityRow[]> {
  const encoder = xlnetConfig(JSON.parse(files.configJson));
  const known = caseSchema.parse(JSON.parse(files.caseJson));
  const reference = readSafetensors(files.caseTensors);
  const shape: TaggerShape = { encoder, head: { tagCount: known.tag_count, kind: 'crf', startEnd: true } };
  const host = new Map([...pretrainedEncoder(readSafetensors(files.weights), encoder), ...referenceHead(reference)]);
  const batch = referenceBatch(reference, known.lengths);
  const parameters = uploadParameters(host);
  const rows = [
    ...(await forwardRows(batch, parameters, shape, reference)),
    ...(await gradientRows(batch, parameters, shape, reference)),
    await viterbiRow(batch, parameters, shape, known.viterbi, host),
  ];
  disposeParameters(parameters);
  return rows;
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

async function forwardRows(
  batch: Batch,
  parameters: DeviceParameters,
  shape: TaggerShape,
  reference: ReadonlyMap<string, FileTensor>,
): Promise<readonly ParityRow[]> {
  const [scores, likelihood, ...states] = tf.tidy(() => {
    const hidden = xlnetEncoder(batch, parameters, shape.encoder, NO_DROPOUT, null);
    const perPiece = pieceEmissions(hidden.at(-1) as tf.Tensor2D, parameters, shape, NO_DROPOUT, null);
    const chain: tf.Tensor3D = tf.reshape(perPiece, [batch.size, batch.pieces, shape.head.tagCount]);
    return [perPiece, crfLogLikelihood(chain, batch, parameters), ...hidden] as const;
  }) as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
  const real = (width: number) => (index: number) => {
    const row = Math.floor(index / width);
    return row % batch.pieces < (batch.pieceCounts[Math.floor(row / batch.pieces)] as number);
  };
  const rows: ParityRow[] = [];
  for (const [layer, state] of states.entries()) {
    const expected = tensorOf(reference, `hidden.${layer}`).values;
    rows.push(compare(`hidden.${layer}`, await state.data(), expected, 'forward', real(shape.encoder.hiddenSize)));
  }
  rows.push(
    compare(
      'emissions',
      await scores.data(),
      tensorOf(reference, 'emissions').values,
      'forward',
      real(shape.head.tagCount),
    ),
    compare('log_likelihood', await likelihood.data(), tensorOf(reference, 'log_likelihood').values, 'forward'),
  );
  tf.dispose([...states, scores, likelihood]);
  return rows;
}

async function gradientRows(
  batch: Batch,
  parameters: DeviceParameters,
  shape: TaggerShape,
  reference: ReadonlyMap<string, FileTensor>,
): Promise<readonly ParityRow[]> {
  const names = [...parameters.keys()];
  const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
    const named = new Map(names.map((name, index) => [name, tensors[index] as tf.Tensor]));
    return tf.div(summedLoss(batch, named, shape, NO_DROPOUT, null), batch.size);
  };
  const { value, grads } = tf.valueAndGrads(loss)([...parameters.values()]);
  const rows = [compare('loss', await value.data(), tensorOf(reference, 'loss').values, 'forward')];
  for (const [index, name] of names.entries()) {
    const theirs = theirGradient(name, shape, reference);
    rows.push(compare(`gradient of ${name}`, await (grads[index] as tf.Tensor).data(), theirs, 'gradient'));
  }
  tf.dispose([value, grads]);
  return rows;
}

function theirGradient(name: string, shape: TaggerShape, reference: ReadonlyMap<string, FileTensor>): Float32Array {
  const values = (theirs: string): Float32Array => Float32Array.from(tensorOf(reference, `grad.${theirs}`).values);
  const { hiddenSize, innerSize } = shape.encoder;
  if (name === 'head.kernel') return transposed(values('classifier.weight'), [hiddenSize, shape.head.tagCount]);
  if (name === 'head.bias') return values('classifier.bias');
  if (name.startsWith('crf.')) return values(name);
  const there = huggingFaceTensor(name, shape.encoder);
  if (!there.transposed) return values(there.name);
  const ours = name.endsWith('inner.kernel') ? [hiddenSize, innerSize] : name.endsWith('outer.kernel') ? [innerSize, hiddenSize] : [hiddenSize, hiddenSize]; // prettier-ignore
  return transposed(values(there.name), ours);
}

async function viterbiRow(
  batch: Batch,
  parameters: DeviceParameters,
  shape: TaggerShape,
  expected: readonly { readonly path: readonly number[]; readonly score: number }[],
  host: HostParameters,
): Promise<ParityRow> {
  const scores = tf.tidy(() => emissions(batch, parameters, shape, NO_DROPOUT, null));
  const values = (await scores.data()) as Float32Array;
  scores.dispose();
  const weight = (name: string): Float32Array => (host.get(name) as HostTensor).values;
  const chain = { transitions: weight('crf.transitions'), start: weight('crf.start'), end: weight('crf.end') };
  let differing = 0;
  let absolute = 0;
  for (const [b, { path, score }] of expected.entries()) {
    const from = b * batch.positions * shape.head.tagCount;
    const found = viterbi(values.subarray(from), path.length, shape.head.tagCount, chain);
    if (found.tags.join() !== path.join()) differing++;
    absolute = Math.max(absolute, Math.abs(found.score - score));
  }
  const name =
    differing === 0 ? 'Viterbi paths agree; score' : `Viterbi: ${differing} of ${expected.length} paths differ; score`;
  return { name, absolute, relative: 0, passed: differing === 0 && absolute <= FORWARD_TOLERANCE };
}

function compare(
  name: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  kind: 'forward' | 'gradient',
  counts: (index: number) => boolean = () => true,
): ParityRow {
  if (got.length !== expected.length)
    throw new Error(`${name}: ${got.length} values where the reference has ${expected.length}`);
  let absolute = 0;
  let magnitude = 0;
  for (let index = 0; index < got.length; index++) {
    if (!counts(index)) continue;
    const difference = Math.abs((got[index] as number) - (expected[index] as number));
    absolute = difference <= absolute ? absolute : Number.isNaN(difference) ? Infinity : difference;
    magnitude = Math.max(magnitude, Math.abs(expected[index] as number));
  }
  const relative = absolute === 0 ? 0 : absolute / magnitude;
  const passed = kind === 'forward' ? absolute <= FORWARD_TOLERANCE : relative <= GRADIENT_TOLERANCE;
  return { name, absolute, relative, passed };
}
