// Records the adapters of a layer's projections, forward and backward: products of low rank beside frozen weights.
import { adapterOf } from '../../model/blocks/projection.ts';
import type { AdapterSite } from '../../model/blocks/dropout.ts';
import { part, type Region } from '../gpu/recorder.ts';
import { recordDropped } from '../kernels/dropoutKernel.ts';
import { recordScaled, recordSum } from '../kernels/gatedActivation.ts';
import { recordMatmul } from '../kernels/matmul/matmul.ts';
import type { AdapterSaved, EncoderPass } from './encoderPass.ts';

/** What projections read. */
export interface AdapterInput {
  readonly layer: number;
  readonly site: AdapterSite;
  readonly x: Region; // [rows, inner]
  readonly rows: number;
  readonly inner: number;
}

/** A weight, named relative to `layer.<l>.`, and the region of its output or of that one's gradient, [rows, columns]. */
export type Projection = readonly [suffix: string, region: Region, columns: number];

/** Regions whose kernels read four words at a time. */
const fours = (length: number): number => Math.ceil(length / 4) * 4;

function adaptedOf({ banks, adapters }: EncoderPass, { layer }: AdapterInput, projections: readonly Projection[]) {
  if (adapters === null) return [];
  return projections.flatMap(([suffix, region, columns]) => {
    const { down, up } = adapterOf(`layer.${layer}.${suffix}`);
    return banks.has(down) ? [{ suffix, region, columns, down, up }] : [];
  });
}

/** x with the adapters' dropout; x itself without one. */
function droppedInput(pass: EncoderPass, { layer, site, x, rows, inner }: AdapterInput, what: string): Region {
  const rate = pass.adapters?.rate ?? 0;
  if (rate === 0) return x;
  const out = pass.recorder.temporary(`${what} of ${site} of layer ${layer}`, rows * inner);
  const shape = { length: rows * inner, rate, layer, site };
  recordDropped(pass.recorder, shape, { x, state: pass.state }, { out });
  return out;
}

/** Adds dropout(x) A B alpha / rank to the output of every projection that has an adapter, and to `saved` what backward needs besides x. */
export function recordAdapters(
  pass: EncoderPass,
  input: AdapterInput,
  projections: readonly Projection[],
  saved: Map<string, Region>,
): void {
  const adapted = adaptedOf(pass, input, projections);
  if (adapted.length === 0 || pass.adapters === null) return;
  const { recorder, tuning, banks } = pass;
  const { rank, scale } = pass.adapters;
  const { rows, inner, layer } = input;
  const dropped = droppedInput(pass, input, 'dropped input');
  for (const { suffix, region, columns, down, up } of adapted) {
    const low = recorder.temporary(`low rank of ${suffix} of layer ${layer}`, fours(rows * rank));
    const first = { kind: 'nn', rows, columns: rank, inner, into: 'write' } as const;
    recordMatmul(recorder, tuning, first, { a: dropped, b: banks.weight(down), out: part(low, 0, rows * rank) });
    const scaled = recorder.temporary(`scaled low rank of ${suffix} of layer ${layer}`, low.length);
    recordScaled(recorder, scale, { x: low }, { out: scaled });
    const own = part(scaled, 0, rows * rank);
    const second = { kind: 'nn', rows, columns, inner: rank, into: 'add' } as const;
    recordMatmul(recorder, tuning, second, { a: own, b: banks.weight(up), out: region });
    saved.set(suffix, own);
  }
}

/**
 * Gradients of adapters from those of their projections' outputs, written or added depending on the state, or added for `add`. Unless null,
 * the adapters' share is added to `dX`, the gradient of x [rows, inner].
 */
export function recordAdaptersBackward(
  pass: EncoderPass,
  input: AdapterInput,
  saved: AdapterSaved,
  projections: readonly Projection[],
  dX: Region | null,
  into: 'gradient' | 'add' = 'gradient',
): void {
  const adapted = adaptedOf(pass, input, projections);
  if (adapted.length === 0 || pass.adapters === null) return;
  const { recorder, tuning, banks, state } = pass;
  const { rank, scale, rate } = pass.adapters;
  const { rows, inner, layer, site } = input;
  const isTrained = adapted.some(({ down }) => banks.gradient(down) !== null);
  const dropped = isTrained ? droppedInput(pass, input, 'dropped input, again,') : input.x;
  const gradientOf = (a: Region, b: Region, out: Region, [l, n]: readonly [number, number]): void => {
    const shape = { kind: 'tn', rows: l, columns: n, inner: rows, into } as const;
    recordMatmul(recorder, tuning, shape, { a, b, out, ...(into === 'gradient' && { state }) });
  };
  // Dropout applies to the sum over projections.
  const whole = dX !== null && rate > 0 ? recorder.temporary(`d adapted ${site} of layer ${layer}`, dX.length) : dX;
  for (const [index, { suffix, region: dOut, columns, down, up }] of adapted.entries()) {
    const [dDown, dUp] = [banks.gradient(down), banks.gradient(up)];
    const own = saved.get(suffix);
    if (own === undefined) throw new Error(`the adapter of ${suffix} saved nothing`);
    if (dUp !== null) gradientOf(own, dOut, dUp, [rank, columns]);
    const dScaled = recorder.temporary(`d scaled low rank of ${suffix} of layer ${layer}`, fours(rows * rank));
    const through = { kind: 'nt', rows, columns: rank, inner: columns, into: 'write' } as const;
    recordMatmul(recorder, tuning, through, { a: dOut, b: banks.weight(up), out: part(dScaled, 0, rows * rank) });
    const dLow = recorder.temporary(`d low rank of ${suffix} of layer ${layer}`, dScaled.length);
    recordScaled(recorder, scale, { x: dScaled }, { out: dLow });
    const dOwn = part(dLow, 0, rows * rank);
    if (dDown !== null) gradientOf(dropped, dOwn, dDown, [inner, rank]);
    if (whole === null) continue;
    const back = { kind: 'nt', rows, columns: inner, inner: rank, into: whole === dX || index > 0 ? 'add' : 'write' } as const; // prettier-ignore
    recordMatmul(recorder, tuning, back, { a: dOwn, b: banks.weight(down), out: whole });
  }
  if (dX === null || whole === null || whole === dX) return;
  const out = recorder.temporary(`d input of ${site} of layer ${layer}`, dX.length);
  recordDropped(recorder, { length: dX.length, rate, layer, site }, { x: whole, state }, { out });
  recordSum(recorder, { right: out }, { out: dX });
}
