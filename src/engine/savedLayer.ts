// What the backward pass finds of a layer: everything, everything in f16, or the layer's input alone.
import { recordHalves, recordFromHalves } from './kernels/halves.ts';
import type { Region } from './recorder.ts';
import type { LayerSaved, Pass } from './xlnetForward.ts';
import { recordXlnetForward } from './xlnetForward.ts';

export type Keeping = 'whole' | 'halves' | 'input';

export interface SavedLayer {
  /** The layer's input [R, d]. */
  readonly h: Region;
  readonly saved: LayerSaved;
}

/** Records a layer forward; answers with its output and with how the backward pass gets at the layer again. */
export function recordLayerForward(
  pass: Pass,
  layer: number,
  h: Region,
  keeping: Keeping,
): { readonly out: Region; readonly again: () => SavedLayer } {
  const { out, saved } = recordXlnetForward(pass, layer, h);
  if (keeping === 'whole') return { out, again: () => ({ h, saved }) };
  if (keeping === 'input') return { out, again: () => ({ h, saved: recordXlnetForward(pass, layer, h).saved }) };
  const { recorder } = pass;
  const half = (x: Region): (() => Region) => {
    const halves = recordHalves(recorder, { x });
    return () => recordFromHalves(recorder, { halves });
  };
  const input = half(h);
  const threes = half(saved.attention.threes);
  const position = half(saved.attention.position);
  const context = half(saved.context);
  const attendedSum = half(saved.attended.sum);
  const middle = half(saved.middle);
  const inner = half(saved.inner);
  const fedSum = half(saved.fed.sum);
  return {
    out,
    again: () => ({
      h: input(),
      saved: {
        ...saved,
        attention: { ...saved.attention, threes: threes(), position: position() },
        context: context(),
        attended: { ...saved.attended, sum: attendedSum() },
        middle: middle(),
        inner: inner(),
        fed: { ...saved.fed, sum: fedSum() },
      },
    }),
  };
}
