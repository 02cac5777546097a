// Dropout of a whole tensor.
import type { DropoutSite } from '../../model/dropout.ts';
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { keyWord } from '../stepState.ts';
import { dropoutCode, dropoutSizes } from './dropoutCode.ts';

const dropped = kernel({
  name: 'dropped',
  sizes: { count: 'u32', key: 'u32', threshold: 'u32', kept: 'f32' },
  buffers: { x: reads(), state: reads('u32'), out: writes() },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `if (index >= sizes.count) { return; }
  out[index] = x[index] * dropped(state[sizes.key], index, sizes.threshold, sizes.kept);`,
});

/** out = x with the dropout of one site of one layer. */
export function recordDropped(
  recorder: Recorder,
  shape: { readonly length: number; readonly rate: number; readonly layer: number; readonly site: DropoutSite },
  { x, state }: { readonly x: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const { length: count, rate, layer, site } = shape;
  const sizes = { count, key: keyWord(layer, site), ...dropoutSizes(rate) };
  recorder.launch(dropped, sizes, { x, state, out }, linearGrid(count, 64), 20 * count);
}
