// Proves that a recorded plan runs in order on the GPU, shares memory between temporaries, and names a kernel that does not compile.
import { expect, it } from 'vitest';
import { kernel, reads, writes } from '../../src/engine/gpu/kernel.ts';
import { linearGrid } from '../../src/engine/gpu/recorder.ts';
import { runRecording } from './support/runRecording.ts';

const scaleAdd = kernel({
  name: 'scaleAdd',
  sizes: { count: 'u32', factor: 'f32' },
  buffers: { x: reads(), y: writes() },
  workgroup: [64, 1, 1],
  body: 'if (index < sizes.count) { y[index] = sizes.factor * x[index] + 1.0; }',
});

it('chains launches through temporaries, over more workgroups than one grid dimension holds', async () => {
  const count = 65536 * 64 + 5;
  const x = Float32Array.from({ length: count }, (_, index) => index % 1000);
  const { y } = await runRecording({ x }, { y: count }, (recorder, regions) => {
    let from = regions.x;
    for (let link = 0; link < 3; link++) {
      const to = recorder.temporary(`link ${link}`, count);
      recorder.launch(scaleAdd, { count, factor: 2 }, { x: from, y: to }, linearGrid(count, 64));
      from = to;
    }
    recorder.launch(scaleAdd, { count, factor: 0.5 }, { x: from, y: regions.y }, linearGrid(count, 64));
  });
  expect(y[0]).toBe(4.5);
  expect(y[count - 1]).toBe((8 * ((count - 1) % 1000) + 7) / 2 + 1);
  expect(y.every((value, index) => value === (8 * (index % 1000) + 7) / 2 + 1)).toBe(true);
});

it('names the kernel and shows the WGSL when one does not compile', async () => {
  const broken = kernel({
    name: 'broken',
    sizes: {},
    buffers: { y: writes() },
    workgroup: [1, 1, 1],
    body: 'y[0] = z;',
  });
  const run = runRecording({}, { y: 1 }, (recorder, { y }) => recorder.launch(broken, {}, { y }, [1, 1, 1]));
  await expect(run).rejects.toThrow(/cannot compile broken[\s\S]*unresolved value 'z'[\s\S]*y\[0\] = z/);
});
