// Records the embeddings, forward and backward, and what DeBERTa's layers share and make of its table of distances.
import type { NormedEmbedding, NormedWords } from '../../model/blocks/encoderFamily.ts';
import { EMBEDDING } from '../../model/blocks/parameterLocation.ts';
import { aligned, part, type Region } from '../gpu/recorder.ts';
import { recordSum } from '../kernels/activationKernel.ts';
import { recordAddBias, recordAddBiases, recordColumnSums, recordDropped } from '../kernels/bias.ts';
import {
  recordDistanceRows,
  recordDistanceRowSums,
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
import {
  recordAdapters,
  recordAdaptersBackward,
  STATE_WORDS,
  type EncoderPass,
  type Keeping,
  type LayerDistances,
  type NormSaved,
  type Projection,
  type SharedDistances,
} from './encoderPass.ts';

// Records the embeddings, forward and backward: one row of XLNet's table per piece; in BERT three rows summed and normalised.

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

// Records what DeBERTa's layers share and make of its table of distances: the norm, and queries and keys of every distance.

const TABLE_NAMES = {
  table: `${EMBEDDING}.relative`,
  scale: `${EMBEDDING}.relative.norm.scale`,
  shift: `${EMBEDDING}.relative.norm.shift`,
} as const;

type Pass = Omit<EncoderPass, 'distances'>;

function normShape({ config }: Pass, rows: number) {
  const { hiddenSize, layerNormEpsilon: epsilon } = config;
  return { rows, hiddenSize, epsilon, rate: 0, layer: -1, site: 'position' } as const;
}

/** Normalises the table; `places` are those of `distancePlaces` on the machine. Null without such a table. */
export function recordSharedDistances(pass: Pass, places: Region | null): SharedDistances | null {
  const { recorder, config, design, banks, state, pieces } = pass;
  if (design.disentangled === null || places === null) return null;
  const { rows } = design.disentangled;
  const length = rows * config.hiddenSize;
  const table = recorder.temporary('table of distances', length);
  const saved = {
    sum: recorder.temporary('table of distances, before its norm', length),
    statistics: recorder.temporary('statistics of distances', 2 * rows),
  };
  const scaleShift = banks.weights(TABLE_NAMES.scale, TABLE_NAMES.shift);
  const read = { x: banks.weight(TABLE_NAMES.table), bias: null, residual: null, scaleShift, state };
  recordResidualNorm(recorder, normShape(pass, rows), read, { y: table, ...saved });
  const placesAt = part(places, STATE_WORDS, 2 * pieces + 2 * rows);
  return { rows, places: placesAt, writing: part(places, 0, STATE_WORDS), table, saved, dTable: null };
}

function strides({ config, pieces }: EncoderPass, rows: number) {
  const { hiddenSize: d } = config;
  return { weights: aligned(d ** 2), biases: aligned(d), table: aligned(rows * d), distances: aligned(2 * pieces * d) };
}

/** Queries and keys of the table, or their gradients, as projections of the same rows. */
function projections(
  { config: { hiddenSize: d } }: EncoderPass,
  projected: Region,
  rows: number,
): readonly Projection[] {
  return [
    ['attention.query', part(projected, 0, rows * d), d],
    ['attention.key', part(projected, aligned(rows * d), rows * d), d],
  ];
}

/** Queries and keys of every distance in a layer. */
export function recordLayerDistances(pass: EncoderPass, layer: number, shared: SharedDistances): LayerDistances {
  const { recorder, tuning, config, sites, banks, state, pieces } = pass;
  const { rows, places } = shared;
  const { hiddenSize: d } = config;
  const name = (suffix: string): string => `layer.${layer}.attention.${suffix}`;
  let dropped = shared.table;
  if (sites.position > 0) {
    dropped = recorder.temporary(`dropped distances of layer ${layer}`, rows * d);
    const drop = { length: rows * d, rate: sites.position, layer, site: 'position' } as const;
    recordDropped(recorder, drop, { x: shared.table, state }, { out: dropped });
  }
  const stride = strides(pass, rows);
  const projected = recorder.temporary(`projected distances of layer ${layer}`, 2 * stride.table);
  const shape = { kind: 'nn', rows, columns: d, inner: d, batch: 2, into: 'write' } as const;
  const of = { a: 0, b: stride.weights, out: stride.table };
  const b = banks.weights(name('query'), name('key'));
  recordMatmul(recorder, tuning, { ...shape, strides: of }, { a: dropped, b, out: projected });
  const adapters = new Map<string, Region>();
  const read = { layer, rows, inner: d, site: 'adapterPosition', x: dropped } as const;
  recordAdapters(pass, read, projections(pass, projected, rows), adapters);
  const biases = banks.weights(name('query.bias'), name('key.bias'));
  const added = { rows, columns: d, batch: 2, strides: { bias: stride.biases, x: stride.table } };
  recordAddBiases(recorder, added, { biases }, { x: projected });
  const out = recorder.temporary(`queries and keys of distances of layer ${layer}`, 2 * stride.distances);
  recordDistanceRows(recorder, { rows, distances: 2 * pieces, hiddenSize: d }, { table: projected, places }, { out });
  return { dropped, adapters, rows: out };
}

/**
 * From dRows, the gradient of a layer's queries and keys of distances: adds to the gradients of its projections, which attention has already
 * written, and to that of the table.
 */
export function recordLayerDistancesBackward(
  pass: EncoderPass,
  layer: number,
  shared: SharedDistances,
  { dropped, adapters }: LayerDistances,
  dRows: Region,
): void {
  const { recorder, tuning, config, sites, banks, state, pieces } = pass;
  const { rows, places } = shared;
  const { hiddenSize: d } = config;
  const name = (suffix: string): string => `layer.${layer}.attention.${suffix}`;
  const temporary = (label: string, length: number): Region =>
    recorder.temporary(`d ${label} of layer ${layer}`, length);
  const stride = strides(pass, rows);
  const dProjected = temporary('projected distances', 2 * stride.table);
  const shape = { rows, distances: 2 * pieces, hiddenSize: d };
  recordDistanceRowSums(recorder, shape, { dOut: dRows, places }, { dTable: dProjected });
  const kernels = banks.gradients(name('query'), name('key'));
  if (kernels !== null) {
    const of = { a: 0, b: stride.table, out: stride.weights };
    const product = { kind: 'tn', rows: d, columns: d, inner: rows, batch: 2, strides: of, into: 'add' } as const;
    recordMatmul(recorder, tuning, product, { a: dropped, b: dProjected, out: kernels });
    for (const [index, bias] of ['query.bias', 'key.bias'].entries()) {
      const gradient = banks.gradient(name(bias));
      if (gradient === null) continue;
      const sum = temporary(bias, d);
      const x = part(dProjected, index * stride.table, rows * d);
      recordColumnSums(recorder, { rows, columns: d }, { x, state: shared.writing }, { gradient: sum });
      recordSum(recorder, { right: sum }, { out: gradient });
    }
  }
  const read = { layer, rows, inner: d, site: 'adapterPosition', x: dropped } as const;
  // The table is as pretrained wherever there are adapters.
  recordAdaptersBackward(pass, read, adapters, projections(pass, dProjected, rows), null, 'add');
  if (banks.gradient(TABLE_NAMES.table) === null) return;
  let dOwn = temporary('dropped distances', rows * d);
  const of = { a: stride.table, b: stride.weights, out: 0 };
  const back = { kind: 'nt', rows, columns: d, inner: d, batch: 2, strides: of, sum: true, into: 'write' } as const;
  recordMatmul(recorder, tuning, back, { a: dProjected, b: banks.weights(name('query'), name('key')), out: dOwn });
  if (sites.position > 0) {
    const out = temporary('distances', rows * d);
    const drop = { length: rows * d, rate: sites.position, layer, site: 'position' } as const;
    recordDropped(recorder, drop, { x: dOwn, state }, { out });
    dOwn = out;
  }
  if (shared.dTable === null) shared.dTable = dOwn;
  else recordSum(recorder, { right: dOwn }, { out: shared.dTable });
}

/** Gradients of the table and its norm, after all layers; the bank's gradient is cleared at the start of a step. */
export function recordSharedDistancesBackward(pass: EncoderPass): void {
  const { recorder, config, banks, state, distances } = pass;
  if (distances?.dTable == null) return;
  const gradient = banks.gradient(TABLE_NAMES.table);
  const norm = banks.gradients(TABLE_NAMES.scale, TABLE_NAMES.shift);
  if (gradient === null || norm === null) return;
  const { rows, saved, dTable: dY } = distances;
  const { hiddenSize } = config;
  const dSum = recorder.temporary('d table of distances', rows * hiddenSize);
  const scale = banks.weight(TABLE_NAMES.scale);
  recordResidualNormBackward(recorder, normShape(pass, rows), { dY, ...saved, scale, state }, { dSum, dX: null });
  recordResidualNormGradients(recorder, { rows, hiddenSize }, { dY, ...saved, dX: null, state }, { gradient: norm });
  recordSum(recorder, { right: dSum }, { out: gradient });
}
