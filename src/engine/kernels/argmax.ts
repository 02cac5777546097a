// Tags with the largest emission, for the softmax head.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import type { ChainShape } from './chain.ts';

const argmax = kernel({
  name: 'argmax',
  sizes: { sequences: 'u32', positions: 'u32', tagCount: 'u32' },
  buffers: { emissions: reads(), crfCounts: reads('i32'), tags: writes('i32') },
  workgroup: [64, 1, 1],
  body: `
if (index >= sizes.sequences * sizes.positions) { return; }
var tag = 0u;
if (i32(index % sizes.positions) < crfCounts[index / sizes.positions]) {
  let row = index * sizes.tagCount;
  var best = emissions[row];
  for (var k = 1u; k < sizes.tagCount; k++) {
    let value = emissions[row + k];
    if (value > best) {
      best = value;
      tag = k;
    }
  }
}
tags[index] = i32(tag);`,
});

/** Tags i32 [B, N] with the largest of the emissions [B, N, K], the lower one of equals, 0 beyond a sequence's count. */
export function recordArgmax(
  recorder: Recorder,
  shape: Pick<ChainShape, 'sequences' | 'positions' | 'tagCount'>,
  inputs: { readonly emissions: Region; readonly crfCounts: Region },
  out: { readonly tags: Region },
): void {
  const { sequences, positions, tagCount } = shape;
  const { emissions, crfCounts } = inputs;
  const grid = linearGrid(sequences * positions, 64);
  recorder.launch(argmax, { sequences, positions, tagCount }, { emissions, crfCounts, tags: out.tags }, grid);
}
