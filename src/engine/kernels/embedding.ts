// Rows of the embedding table for the pieces of a batch.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { keyWord } from '../stepState.ts';
import { dropoutCode, dropoutSizes } from './dropoutCode.ts';

const embedding = kernel({
  name: 'embedding',
  sizes: { count: 'u32', width: 'u32', key: 'u32', threshold: 'u32', kept: 'f32' },
  buffers: { table: reads('vec4<f32>'), pieceIds: reads('i32'), state: reads('u32'), out: writes('vec4<f32>') },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `if (index >= sizes.count) { return; }
  let row = index / sizes.width;
  let value = table[u32(pieceIds[row]) * sizes.width + index % sizes.width];
  let key = state[sizes.key];
  let first = index * 4u;
  out[index] = value * vec4f(
    dropped(key, first, sizes.threshold, sizes.kept),
    dropped(key, first + 1u, sizes.threshold, sizes.kept),
    dropped(key, first + 2u, sizes.threshold, sizes.kept),
    dropped(key, first + 3u, sizes.threshold, sizes.kept));`,
});

/** out [R, d] = dropout(table[pieceIds]), at the embedding's site. */
export function recordEmbedding(
  recorder: Recorder,
  { rows, hiddenSize, rate }: { readonly rows: number; readonly hiddenSize: number; readonly rate: number },
  inputs: { readonly table: Region; readonly pieceIds: Region; readonly state: Region },
  { out }: { readonly out: Region },
): void {
  const count = (rows * hiddenSize) / 4;
  const sizes = { count, width: hiddenSize / 4, key: keyWord(-1, 'embedding'), ...dropoutSizes(rate) };
  recorder.launch(embedding, sizes, { ...inputs, out }, linearGrid(count, 64), 80 * count);
}
