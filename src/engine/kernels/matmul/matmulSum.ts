// Sums the parts of matrix products with a split inner dimension.
import { kernel, reads, writes, type BufferBinding } from '../../gpu/kernel.ts';
import { linearGrid, type Recorder, type Region } from '../../gpu/recorder.ts';
import { STATE } from '../../gpu/stepState.ts';
import type { MatmulShape } from './matmulShape.ts';

const THREADS = 64;

function matmulSumKernel(into: MatmulShape['into'], vectors: boolean) {
  const element = vectors ? 'vec4<f32>' : 'f32';
  const buffers: Record<string, BufferBinding> = { parts: reads(element), out: writes(element) };
  if (into === 'gradient') buffers.state = reads('u32');
  const before = {
    write: '',
    add: 'sum += out[to];',
    gradient: `if (state[${STATE.accumulate}u] != 0u) { sum += out[to]; }`,
  };
  return kernel({
    name: `matmul sum of splits, ${into}${vectors ? '' : ', by words'}`,
    sizes: { length: 'u32', splits: 'u32', outputs: 'u32', strideOut: 'u32' },
    buffers,
    workgroup: [THREADS, 1, 1],
    // parts [outputs, splits, length]
    body: `
let output = index / sizes.length;
if (output >= sizes.outputs) { return; }
let at = index % sizes.length;
let first = output * sizes.splits * sizes.length + at;
var sum = parts[first];
for (var split = 1u; split < sizes.splits; split++) { sum += parts[first + split * sizes.length]; }
let to = output * sizes.strideOut + at;
${before[into]}
out[to] = sum;`,
  });
}

const kernels = {
  vectors: {
    write: matmulSumKernel('write', true),
    add: matmulSumKernel('add', true),
    gradient: matmulSumKernel('gradient', true),
  },
  words: {
    write: matmulSumKernel('write', false),
    add: matmulSumKernel('add', false),
    gradient: matmulSumKernel('gradient', false),
  },
};

/** `length` words per output; parts [outputs, splits, length]; `strideOut` words between consecutive outputs. */
export function recordMatmulSum(
  recorder: Recorder,
  sizes: { readonly length: number; readonly splits: number; readonly outputs: number; readonly strideOut: number },
  into: MatmulShape['into'],
  vectors: boolean,
  regions: { readonly parts: Region; readonly out: Region; readonly state?: Region },
): void {
  const unit = vectors ? 4 : 1;
  const length = sizes.length / unit;
  recorder.launch(
    kernels[vectors ? 'vectors' : 'words'][into],
    { ...sizes, length, strideOut: sizes.strideOut / unit },
    regions as Readonly<Record<string, Region>>,
    linearGrid(length * sizes.outputs, THREADS),
  );
}
