// What is saved of a layer for the backward pass: everything, everything in f16, or only the layer's input.
import type { Region } from '../gpu/recorder.ts';
import { recordFromHalves, recordHalves } from '../kernels/halves.ts';
import type { EncoderPass, LayerSaved } from './encoderPass.ts';
import { recordLayerForward } from './layerPass.ts';

export type Keeping = 'whole' | 'halves' | 'input';

export interface SavedLayer {
  /** The layer's input [R, d]. */
  readonly h: Region;
  readonly saved: LayerSaved;
}

/** Records a layer forward; returns its output and how the backward pass restores the layer's values. */
export function recordSavedLayer(
  pass: EncoderPass,
  layer: number,
  h: Region,
  keeping: Keeping,
): { readonly out: Region; readonly again: () => SavedLayer } {
  const { out, saved } = recordLayerForward(pass, layer, h, keeping !== 'input');
  if (keeping === 'whole') return { out, again: () => ({ h, saved }) };
  if (keeping === 'input') return { out, again: () => ({ h, saved: recordLayerForward(pass, layer, h, true).saved }) };
  const { recorder } = pass;
  const half = (x: Region): (() => Region) => {
    const halves = recordHalves(recorder, { x });
    return () => recordFromHalves(recorder, { halves });
  };
  const input = half(h);
  const { inputs } = saved.attention;
  const qkv = half(inputs.qkv);
  const relative = inputs.relative && { ...inputs.relative, position: half(inputs.relative.position) };
  const context = half(saved.attention.context);
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
        attention: {
          ...saved.attention,
          inputs: { ...inputs, qkv: qkv(), relative: relative && { ...relative, position: relative.position() } },
          context: context(),
        },
        attended: { ...saved.attended, sum: attendedSum() },
        middle: middle(),
        inner: inner(),
        fed: { ...saved.fed, sum: fedSum() },
      },
    }),
  };
}
