// Stores numbers in half their bytes between the forward and the backward pass: f32 to pairs of f16 and back.
import { kernel, reads, writes } from '../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../gpu/recorder.ts';

const sizes = { count: 'u32' } as const;

/** `pack2x16float` needs no extension, so it saves memory on every adapter. */
const packing = kernel({
  name: 'pack into f16',
  sizes,
  buffers: { x: reads('vec4<f32>'), halves: writes('vec2<u32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  let value = clamp(x[index], vec4f(-65504.0), vec4f(65504.0));
  halves[index] = vec2u(pack2x16float(value.xy), pack2x16float(value.zw));`,
});

const unpacking = kernel({
  name: 'unpack from f16',
  sizes,
  buffers: { halves: reads('vec2<u32>'), x: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  body: `if (index >= sizes.count) { return; }
  x[index] = vec4f(unpack2x16float(halves[index].x), unpack2x16float(halves[index].y));`,
});

/** x [n], n a multiple of 4, rounded to f16 (clamped to its range) in n / 2 words. */
export function recordHalves(recorder: Recorder, { x }: { readonly x: Region }): Region {
  const halves = recorder.temporary(`halves of ${x.buffer.label}`, x.length / 2);
  const count = x.length / 4;
  recorder.launch(packing, { count }, { x, halves }, linearGrid(count, 64));
  return halves;
}

/** Converts the numbers of `recordHalves` back to f32. */
export function recordFromHalves(recorder: Recorder, { halves }: { readonly halves: Region }): Region {
  const x = recorder.temporary(halves.buffer.label.replace('halves of ', ''), halves.length * 2);
  const count = x.length / 4;
  recorder.launch(unpacking, { count }, { halves, x }, linearGrid(count, 64));
  return x;
}
