// Spells methods and slicing rates, the same wherever they are read: `MTL-LS 0.25`.
import { isSliced, type Method } from '../../schema/methods.ts';
import type { RunSpec } from '../../schema/runRecord.ts';

/** `0.25`, or `3 layers` when the model's number of layers is unknown. */
export function rateName(layers: number | null, rate: number | null): string {
  return rate === null ? `${layers ?? 0} layers` : rate.toFixed(2);
}

export interface NamedVariant {
  readonly method: Method;
  /** Number of shared layers; null for methods without slicing. */
  readonly layers: number | null;
  /** Share of the model's layers; null where their number is unknown. */
  readonly rate: number | null;
}

/** `STL`, `MTL-XC` or `MTL-LS 0.25`. */
export function variantName({ method, layers, rate }: NamedVariant): string {
  return isSliced(method) ? `${method} ${rateName(layers, rate)}` : method;
}

/** The same for a run, of whose encoder the number of layers is known or not. */
export function variantOfSpec(
  { method, slicing }: Pick<RunSpec, 'method' | 'slicing'>,
  encoderLayers: number | null | undefined,
): string {
  const layers = slicing?.layers ?? null;
  const isKnown = layers !== null && encoderLayers !== null && encoderLayers !== undefined && encoderLayers > 0;
  return variantName({ method, layers, rate: isKnown ? layers / encoderLayers : null });
}
