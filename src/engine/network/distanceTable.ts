// Records what DeBERTa's layers share and make of its table of distances: the norm, and queries and keys of every distance.
import { EMBEDDING } from '../../model/blocks/parameterLocation.ts';
import { aligned, part, type Region } from '../gpu/recorder.ts';
import { recordAddBiases, recordColumnSums } from '../kernels/bias.ts';
import { recordDistanceRows, recordDistanceRowSums } from '../kernels/distanceRows.ts';
import { recordDropped } from '../kernels/dropoutKernel.ts';
import { recordSum } from '../kernels/gatedActivation.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import {
  recordResidualNorm,
  recordResidualNormBackward,
  recordResidualNormGradients,
} from '../kernels/residualNorm.ts';
import { recordAdapters, recordAdaptersBackward, type Projection } from './adapterPass.ts';
import { STATE_WORDS, type EncoderPass, type LayerDistances, type SharedDistances } from './encoderPass.ts';

const NAMES = {
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
  const scaleShift = banks.weights(NAMES.scale, NAMES.shift);
  const read = { x: banks.weight(NAMES.table), bias: null, residual: null, scaleShift, state };
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
  if (banks.gradient(NAMES.table) === null) return;
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
  const gradient = banks.gradient(NAMES.table);
  const norm = banks.gradients(NAMES.scale, NAMES.shift);
  if (gradient === null || norm === null) return;
  const { rows, saved, dTable: dY } = distances;
  const { hiddenSize } = config;
  const dSum = recorder.temporary('d table of distances', rows * hiddenSize);
  const scale = banks.weight(NAMES.scale);
  recordResidualNormBackward(recorder, normShape(pass, rows), { dY, ...saved, scale, state }, { dSum, dX: null });
  recordResidualNormGradients(recorder, { rows, hiddenSize }, { dY, ...saved, dX: null, state }, { gradient: norm });
  recordSum(recorder, { right: dSum }, { out: gradient });
}
