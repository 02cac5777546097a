// The gradient of the embedding table: rows of equal ids summed in order, without atomics.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { linearGrid } from '../recorder.ts';
import { keyWord } from '../stepState.ts';
import { dropoutCode, dropoutSizes } from './dropoutCode.ts';

const embeddingGradient = kernel({
  name: 'embeddingGradient',
  sizes: { width: 'u32', key: 'u32', threshold: 'u32', kept: 'f32' },
  buffers: {
    dOut: reads('vec4<f32>'),
    order: reads('u32'),
    starts: reads('u32'),
    ids: reads('u32'),
    uniqueCount: reads('u32'),
    state: reads('u32'),
    gradient: writes('vec4<f32>'),
  },
  workgroup: [64, 1, 1],
  module: dropoutCode,
  body: `let segment = index / sizes.width;
  if (segment >= uniqueCount[0]) { return; }
  let column = index % sizes.width;
  let key = state[sizes.key];
  var sum = vec4f(0.0);
  for (var at = starts[segment]; at < starts[segment + 1u]; at++) {
    let place = order[at] * sizes.width + column;
    let first = place * 4u;
    sum += dOut[place] * vec4f(
      dropped(key, first, sizes.threshold, sizes.kept),
      dropped(key, first + 1u, sizes.threshold, sizes.kept),
      dropped(key, first + 2u, sizes.threshold, sizes.kept),
      dropped(key, first + 3u, sizes.threshold, sizes.kept));
  }
  gradient[ids[segment] * sizes.width + column] += sum;`,
});

/**
 * gradient[ids[s]] += sum of the rows of dOut [R, d], with their dropout, that `order` lists from starts[s] to starts[s + 1]. Always
 * adds: the gradient is cleared when a step begins.
 */
export function recordEmbeddingGradient(
  recorder: Recorder,
  { rows, hiddenSize, rate }: { readonly rows: number; readonly hiddenSize: number; readonly rate: number },
  inputs: {
    readonly dOut: Region;
    readonly order: Region;
    readonly starts: Region;
    readonly ids: Region;
    readonly uniqueCount: Region;
    readonly state: Region;
  },
  { gradient }: { readonly gradient: Region },
): void {
  const count = (rows * hiddenSize) / 4;
  const sizes = { width: hiddenSize / 4, key: keyWord(-1, 'embedding'), ...dropoutSizes(rate) };
  recorder.launch(embeddingGradient, sizes, { ...inputs, gradient }, linearGrid(count, 64), 80 * count);
}
