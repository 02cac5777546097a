// Records the embeddings, forward and backward: one row of XLNet's table per piece; in BERT three rows summed and normalised.
import type { NormedEmbedding, NormedWords } from '../../model/blocks/encoderFamily.ts';
import { EMBEDDING } from '../../model/blocks/parameterLocation.ts';
import type { Region } from '../gpu/recorder.ts';
import { recordAddBias, recordColumnSums } from '../kernels/bias.ts';
import { recordDropped } from '../kernels/dropoutKernel.ts';
import {
  recordEmbedding,
  recordEmbeddingGradient,
  recordEmbeddingNorm,
  recordPositionGradient,
  recordSegmentGradient,
} from '../kernels/embedding.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import {
  recordResidualNorm,
  recordResidualNormBackward,
  recordResidualNormGradients,
} from '../kernels/residualNorm.ts';
import type { EncoderPass, NormSaved } from './encoderPass.ts';
import type { Keeping } from './savedLayer.ts';

const NAMES = {
  position: `${EMBEDDING}.position`,
  segment: `${EMBEDDING}.segment`,
  scale: `${EMBEDDING}.norm.scale`,
  shift: `${EMBEDDING}.norm.shift`,
  kernel: `${EMBEDDING}.project.kernel`,
  bias: `${EMBEDDING}.project.bias`,
} as const;

export interface RecordedEmbeddings {
  /** The first layer's input [R, d]. */
  readonly out: Region;
  /**
   * Records the gradients of everything before the first layer from that of `out`; nothing if frozen. Those of tables are added:
   * the bank's gradient is cleared at the start of a step.
   */
  readonly backward: (dOut: Region) => void;
}

/** `keeping` decides whether the values for the backward pass are stored or recomputed; in f16 nothing is stored. */
export function recordEmbeddings(pass: EncoderPass, keeping: Keeping): RecordedEmbeddings {
  const { embedding } = pass.design;
  if (embedding.kind === 'words') {
    return { out: recordRows(pass), backward: (dOut) => recordRowsBackward(pass, dOut, pass.sites.embedding) };
  }
  if (embedding.kind === 'normed words') return recordNormedWords(pass, embedding);
  const { out, saved } = recordNormed(pass, embedding);
  const again = (): NormSaved => (keeping === 'whole' ? saved : recordNormed(pass, embedding).saved);
  const normed = (dOut: Region): void => recordNormedBackward(pass, embedding, dOut, again);
  if (embedding.narrow === null) return { out, backward: normed };
  const { narrow } = embedding;
  return {
    out: recordWidened(pass, narrow, out),
    backward: (dOut) => normed(recordWidenedBackward(pass, narrow, keeping === 'whole' ? out : recordNormed(pass, embedding).out, dOut)), // prettier-ignore
  };
}

/** dropout(norm(table[pieceIds])) */
function recordNormedWords(pass: EncoderPass, { last }: NormedWords): RecordedEmbeddings {
  const { recorder, config, sites, banks, state, sequences, pieces } = pass;
  const { hiddenSize, layerNormEpsilon: epsilon } = config;
  const rows = sequences * pieces;
  const site = { layer: -1, site: 'embedding' } as const;
  const norm = { rows, hiddenSize, epsilon, rate: 0, ...site };
  const drop = { length: rows * hiddenSize, rate: sites.embedding, ...site };
  const dropped = (x: Region, label: string): Region => {
    if (sites.embedding === 0) return x;
    const out = recorder.temporary(label, x.length);
    recordDropped(recorder, drop, { x, state }, { out });
    return out;
  };
  const y = recorder.temporary('normed words', rows * hiddenSize);
  const saved = {
    sum: recorder.temporary('embedding sum', rows * hiddenSize),
    statistics: recorder.temporary('embedding statistics', rows * 2),
  };
  const scale = banks.weight(NAMES.scale);
  const read = {
    x: recordRows(pass, 0),
    bias: null,
    residual: null,
    scaleShift: banks.weights(NAMES.scale, NAMES[last]),
    state,
  };
  recordResidualNorm(recorder, norm, read, { y, ...saved });
  return {
    out: dropped(y, 'embedded'),
    backward(dOut) {
      const gradient = banks.gradients(NAMES.scale, NAMES[last]);
      if (gradient === null) return;
      const dY = dropped(dOut, 'd embedded');
      const dSum = recorder.temporary('d embedding sum', rows * hiddenSize);
      recordResidualNormBackward(recorder, norm, { dY, ...saved, scale, state }, { dSum, dX: null });
      recordResidualNormGradients(recorder, { rows, hiddenSize }, { dY, ...saved, dX: null, state }, { gradient });
      recordRowsBackward(pass, dSum, 0);
    },
  };
}

/** dropout(table[pieceIds]) */
function recordRows(
  { recorder, config, banks, inputs, state, sequences, pieces, sites }: EncoderPass,
  rate = sites.embedding,
): Region {
  const shape = { rows: sequences * pieces, hiddenSize: config.hiddenSize, rate };
  const out = recorder.temporary('embedded', shape.rows * shape.hiddenSize);
  recordEmbedding(recorder, shape, { table: banks.weight(EMBEDDING), pieceIds: inputs.pieceIds, state }, { out });
  return out;
}

function recordRowsBackward(
  { recorder, banks, inputs, state, ...pass }: EncoderPass,
  dOut: Region,
  rate: number,
  hiddenSize = pass.config.hiddenSize,
): void {
  const gradient = banks.gradient(EMBEDDING);
  if (gradient === null) return;
  const { order, starts, ids, uniqueCount } = inputs;
  const shape = { rows: pass.sequences * pass.pieces, hiddenSize, rate };
  recordEmbeddingGradient(recorder, shape, { dOut, order, starts, ids, uniqueCount, state }, { gradient });
}

/** x W + b [R, d] from narrow embeddings x [R, e]. */
function recordWidened(
  { recorder, tuning, config, banks, sequences, pieces }: EncoderPass,
  e: number,
  x: Region,
): Region {
  const [rows, columns] = [sequences * pieces, config.hiddenSize];
  const out = recorder.temporary('widened embedding', rows * columns);
  const shape = { kind: 'nn', rows, columns, inner: e, into: 'write' } as const;
  recordMatmul(recorder, tuning, shape, { a: x, b: banks.weight(NAMES.kernel), out });
  recordAddBias(recorder, { rows, columns }, { bias: banks.weight(NAMES.bias) }, { x: out });
  return out;
}

/** Gradients of the linear layer from dOut [R, d]; returns that of its input x [R, e]. */
function recordWidenedBackward(pass: EncoderPass, e: number, x: Region, dOut: Region): Region {
  const { recorder, tuning, config, banks, sequences, pieces, state } = pass;
  const [rows, columns] = [sequences * pieces, config.hiddenSize];
  const kernel = banks.gradient(NAMES.kernel);
  const bias = banks.gradient(NAMES.bias);
  if (kernel !== null && bias !== null) {
    const shape = { kind: 'tn', rows: e, columns, inner: rows, into: 'gradient' } as const;
    recordMatmul(recorder, tuning, shape, { a: x, b: dOut, out: kernel, state });
    recordColumnSums(recorder, { rows, columns }, { x: dOut, state }, { gradient: bias });
  }
  const dX = recorder.temporary('d narrow embedding', rows * e);
  const shape = { kind: 'nt', rows, columns: e, inner: columns, into: 'write' } as const;
  recordMatmul(recorder, tuning, shape, { a: dOut, b: banks.weight(NAMES.kernel), out: dX });
  return dX;
}

/** dropout(norm(word + position + segment)) */
function recordNormed(
  pass: EncoderPass,
  { positions, firstPosition, segments, narrow }: NormedEmbedding,
): { readonly out: Region; readonly saved: NormSaved } {
  const { recorder, config, sites, banks, state, sequences, pieces } = pass;
  const { layerNormEpsilon: epsilon } = config;
  const hiddenSize = narrow ?? config.hiddenSize;
  const { pieceIds, segmentIds } = pass.inputs;
  const rows = sequences * pieces;
  const out = recorder.temporary('embedded', rows * hiddenSize);
  const saved = {
    sum: recorder.temporary('embedding sum', rows * hiddenSize),
    statistics: recorder.temporary('embedding statistics', rows * 2),
  };
  const shape = { sequences, pieces, hiddenSize, positions, firstPosition, segments, epsilon, rate: sites.embedding };
  const words = banks.weight(EMBEDDING);
  const others = banks.weights(NAMES.position, NAMES.shift);
  recordEmbeddingNorm(recorder, shape, { words, others, pieceIds, segmentIds, state }, { y: out, ...saved });
  return { out, saved };
}

function recordNormedBackward(
  pass: EncoderPass,
  { positions, firstPosition, segments, narrow }: NormedEmbedding,
  dOut: Region,
  again: () => NormSaved,
): void {
  const { recorder, config, sites, banks, state, sequences, pieces } = pass;
  const { layerNormEpsilon: epsilon } = config;
  const hiddenSize = narrow ?? config.hiddenSize;
  const rows = sequences * pieces;
  const position = banks.gradient(NAMES.position);
  const segment = banks.gradient(NAMES.segment);
  const norm = banks.gradients(NAMES.scale, NAMES.shift);
  if (position === null || segment === null || norm === null) return;
  const { sum, statistics } = again();
  const site = { layer: -1, site: 'embedding' } as const;
  let dY = dOut;
  if (sites.embedding > 0) {
    dY = recorder.temporary('d embedded', dOut.length);
    recordDropped(recorder, { length: dOut.length, rate: sites.embedding, ...site }, { x: dOut, state }, { out: dY });
  }
  const dSum = recorder.temporary('d embedding sum', rows * hiddenSize);
  const shape = { rows, hiddenSize, epsilon, rate: 0, ...site };
  const scale = banks.weight(NAMES.scale);
  recordResidualNormBackward(recorder, shape, { dY, sum, statistics, scale, state }, { dSum, dX: null });
  const read = { dY, sum, statistics, dX: null, state };
  recordResidualNormGradients(recorder, { rows, hiddenSize }, read, { gradient: norm });
  recordRowsBackward(pass, dSum, 0, hiddenSize);
  const table = { sequences, pieces, positions, firstPosition, hiddenSize };
  recordPositionGradient(recorder, table, { dSum }, { gradient: position });
  const bySegment = { dSum, segmentIds: pass.inputs.segmentIds };
  recordSegmentGradient(recorder, { rows, segments, hiddenSize }, bySegment, { gradient: segment });
}
