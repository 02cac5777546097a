// The loss of a step, summed over its micro-batches on the GPU.
import { kernel, reads, writes } from '../kernel.ts';
import type { Recorder, Region } from '../recorder.ts';
import { STATE } from '../stepState.ts';

const stepLossKernel = kernel({
  name: 'step loss',
  sizes: { sequences: 'u32' },
  buffers: { losses: reads(), state: reads('u32'), stepLoss: writes() },
  workgroup: [1, 1, 1],
  body: `
var sum = 0.0;
for (var b = 0u; b < sizes.sequences; b++) { sum += losses[b]; }
stepLoss[0] = select(0.0, stepLoss[0], state[${STATE.accumulate}] != 0u) + sum * bitcast<f32>(state[${STATE.inverseSequences}]);`,
});

/** stepLoss[0] = (state.accumulate ? stepLoss[0] : 0) + sum of the losses [B] times state.inverseSequences. */
export function recordStepLoss(
  recorder: Recorder,
  sequences: number,
  inputs: { readonly losses: Region; readonly state: Region },
  out: { readonly stepLoss: Region },
): void {
  const { losses, state } = inputs;
  recorder.launch(stepLossKernel, { sequences }, { losses, state, stepLoss: out.stepLoss }, [1, 1, 1]);
}
