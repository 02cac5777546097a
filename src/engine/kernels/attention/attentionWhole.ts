// Records attention as one launch forward and one backward, for machines whose own kernels compute a head as a whole.
import { kernelWithoutCode, reads, writes, type BufferBinding, type Kernel } from '../../gpu/kernel.ts';
import type { Recorder, Region } from '../../gpu/recorder.ts';
import {
  attentionRegions,
  attentionSizes,
  attentionSizesOf,
  attentionWork,
  termsOf,
  type AttentionInputs,
  type AttentionShape,
  type AttentionTerms,
} from './attentionScores.ts';

/** A kernel over attention as a whole; no GPU runs it. */
export function wholeKernel(name: string, buffers: Readonly<Record<string, BufferBinding>>): Kernel {
  return kernelWithoutCode<string, string>({ name, sizes: { ...attentionSizes, headSize: 'u32' }, buffers });
}

function readsOf(terms: AttentionTerms): Readonly<Record<string, BufferBinding>> {
  const inputs = { qkv: reads(), layoutWords: reads('i32'), state: reads('u32') };
  return terms === 'relative' ? { ...inputs, position: reads(), biases: reads() } : inputs;
}

function forwardKernel(terms: AttentionTerms): Kernel {
  const name = terms === 'relative' ? 'whole attention' : 'whole attention, absolute';
  return wholeKernel(name, { ...readsOf(terms), context: writes(), logSumExp: writes() });
}

function backwardKernel(terms: AttentionTerms): Kernel {
  const name = terms === 'relative' ? 'whole attention backward' : 'whole attention backward, absolute';
  const relative = terms === 'relative' ? { dPosition: writes(), dBiases: writes() } : {};
  const saved = { context: reads(), logSumExp: reads(), dContext: reads() };
  return wholeKernel(name, { ...readsOf(terms), ...saved, dQkv: writes(), ...relative });
}

const kernels = {
  relative: { forward: forwardKernel('relative'), backward: backwardKernel('relative') },
  absolute: { forward: forwardKernel('absolute'), backward: backwardKernel('absolute') },
} as const;

export const wholeSizesOf = (shape: AttentionShape) => ({ ...attentionSizesOf(shape), headSize: shape.headSize });

/** As `recordAttention`; padding queries get a context of 0. */
export function recordWholeAttention(
  recorder: Recorder,
  shape: AttentionShape,
  inputs: AttentionInputs,
  out: { readonly context: Region; readonly logSumExp: Region },
): void {
  const terms = termsOf(inputs);
  const regions = { ...attentionRegions(inputs), ...out };
  const work = attentionWork(shape, terms === 'relative' ? 3 : 2);
  recorder.launch(kernels[terms].forward, wholeSizesOf(shape), regions, [1, 1, 1], work);
}

/** As `recordAttentionBackward`. */
export function recordWholeAttentionBackward(
  recorder: Recorder,
  shape: AttentionShape,
  inputs: AttentionInputs,
  saved: { readonly context: Region; readonly logSumExp: Region },
  dContext: Region,
  gradients: {
    readonly qkv: Region;
    readonly relative: { readonly position: Region; readonly biases: Region | null } | null;
  },
): void {
  const terms = termsOf(inputs);
  const { relative } = gradients;
  const regions: Record<string, Region> = { ...attentionRegions(inputs), ...saved, dContext, dQkv: gradients.qkv };
  if (inputs.relative !== null && relative !== null) {
    regions.dPosition = relative.position;
    // Frozen biases get gradients that nothing reads.
    regions.dBiases = relative.biases ?? recorder.temporary('unused bias gradients', inputs.relative.biases.length);
  }
  recorder.launch(kernels[terms].backward, wholeSizesOf(shape), regions, [1, 1, 1], attentionWork(shape, 8));
}
