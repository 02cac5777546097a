// How an engine computes on a device: ways that leave what is computed as it is, but for the rounding of mixed precision.
import { defaultMachineSettings, type MachineSettings, type Precision } from '../../schema/machineSettings.ts';
import type { MatmulTable } from '../../schema/matmulTable.ts';
import type { OpenDevice } from '../gpu/device.ts';
import type { AttentionFamily } from '../kernels/attention/attentionScores.ts';
import { hardwareTuning, softwareTuning, tableTuning, type MatmulTuning } from '../kernels/matmul/matmulTuning.ts';

export interface ComputeOptions {
  readonly tuning: MatmulTuning;
  readonly attention: AttentionFamily;
  readonly precision: Precision;
  readonly activations: MachineSettings['activations'];
  /** Memory that `auto` activations may plan with. */
  readonly gpuBytes: number;
  /** Arithmetic operations that may go into one submit at first; later ones follow the speed that was seen. */
  readonly workPerSubmit: number;
}

/** The device the engine works on, and how. */
export interface EngineGpu extends OpenDevice {
  readonly compute: ComputeOptions;
}

/** A submit of so many operations takes well under the two seconds after which operating systems reset a GPU. */
const WORK_PER_SUBMIT = { hardware: 2e10, software: 2e8 };

/** Ways for an adapter under a person's settings; `table` is what tuning found there, if it ran. */
export function computeOptionsFor(
  { software }: { readonly software: boolean },
  settings: MachineSettings = defaultMachineSettings,
  table: MatmulTable | null = null,
): ComputeOptions {
  const { precision, activations, gpuBytes } = settings;
  const untuned = software ? softwareTuning() : hardwareTuning(precision);
  return {
    tuning: table === null ? untuned : tableTuning(table, untuned, precision),
    attention: software ? 'direct' : 'tiled',
    precision,
    activations,
    gpuBytes,
    workPerSubmit: software ? WORK_PER_SUBMIT.software : WORK_PER_SUBMIT.hardware,
  };
}
