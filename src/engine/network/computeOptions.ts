// Where an engine runs and how: the machine, what it cannot compute, and options that change no result but for the rounding of mixed precision.
import { familyOf, type EncoderConfig } from '../../model/families/encoderConfig.ts';
import {
  defaultMachineSettings,
  type MachineSettings,
  type MatmulTable,
  type Precision,
} from '../../schema/machineSettings.ts';
import type { MatrixUnit, OpenDevice } from '../gpu/device.ts';
import { GpuMachine } from '../gpu/launchPlan.ts';
import type { Machine } from '../gpu/recorder.ts';
import type { AttentionFamily } from '../kernels/attention/attentionScores.ts';
import {
  hardwareTuning,
  softwareTuning,
  tableTuning,
  wholeTuning,
  type MatmulTuning,
} from '../kernels/matmul/matmulTuning.ts';
import { ProcessorMachine } from '../processor/processorMachine.ts';
import type { ProcessorModule } from '../processor/processorModule.ts';
import type { ThreadPool } from '../processor/threadPool.ts';
import type { LayerBlocks } from './encoderPass.ts';

export interface ComputeOptions {
  readonly tuning: MatmulTuning;
  readonly attention: AttentionFamily;
  readonly blocks: LayerBlocks;
  readonly precision: Precision;
  readonly activations: MachineSettings['activations'];
  /** Memory that `auto` activations may plan with. */
  readonly gpuBytes: number;
  /** Initial maximum of arithmetic operations per submit; later ones follow the measured speed. */
  readonly workPerSubmit: number;
}

/** The device an engine runs on, and its compute options. */
export interface EngineGpu extends OpenDevice {
  readonly compute: ComputeOptions;
}

/** The processor an engine runs on: the compiled module of its kernels, and its compute options. */
export interface EngineProcessor {
  readonly module: ProcessorModule;
  /** Threads that share the work; null for one thread. */
  readonly pool: ThreadPool | null;
  readonly compute: ComputeOptions;
}

/** Where engines run. */
export type EngineHome = EngineGpu | EngineProcessor;

/** Opens a separate machine for a new engine. */
export function openMachine(home: EngineHome): Machine {
  return 'module' in home ? new ProcessorMachine(home.module, home.pool) : new GpuMachine(home, home.compute);
}

/** Kernels read rows of four words at a time. */
const WORDS_AT_ONCE = 4;

/** Says why the engine cannot compute an encoder, which then runs on the plain network; null if it can. */
export function engineMisfit(encoder: EncoderConfig): string | null {
  const design = familyOf(encoder).design(encoder);
  if (typeof design === 'string') {
    return `the engine has no passes for ${design}, so it trains on the plain network instead, more slowly`;
  }
  const { embedding } = design;
  const { hiddenSize, headSize, innerSize } = encoder;
  const width = embedding.kind === 'normed' && embedding.narrow !== null ? { 'embedding size': embedding.narrow } : {};
  const sizes = Object.entries({ 'hidden size': hiddenSize, 'head size': headSize, 'inner size': innerSize, ...width });
  const odd = sizes.filter(([, size]) => size % WORDS_AT_ONCE !== 0).map(([name, size]) => `${name} ${size}`);
  if (odd.length === 0) return null;
  return `the engine needs sizes that are multiples of ${WORDS_AT_ONCE}, and this encoder has ${odd.join(' and ')}; it runs on the plain network instead, with the same results, more slowly`;
}

/** A submit of this many operations takes well under the two seconds after which operating systems reset a GPU. */
const WORK_PER_SUBMIT = { hardware: 2e10, software: 2e8 };

/** Chooses the options for an adapter from the user's settings, in f32 if they name no precision; `table` is the tuning result for it, if any. */
export function computeOptionsFor(
  { software, matrixUnit = null }: { readonly software: boolean; readonly matrixUnit?: MatrixUnit | null },
  settings: MachineSettings = defaultMachineSettings,
  table: MatmulTable | null = null,
): ComputeOptions {
  const { precision = 'f32', activations, gpuBytes } = settings;
  const untuned = software ? softwareTuning() : hardwareTuning(precision, matrixUnit);
  return {
    tuning: table === null ? untuned : tableTuning(table, untuned, precision, matrixUnit),
    attention: software ? 'direct' : precision === 'mixed' ? 'tiled f16' : 'tiled',
    blocks: software ? 'products' : 'rows',
    precision,
    activations,
    gpuBytes,
    workPerSubmit: software ? WORK_PER_SUBMIT.software : WORK_PER_SUBMIT.hardware,
  };
}

/** Of four gigabytes, what `auto` activations may plan with: kernels' scratch, inputs and fragments take the rest. */
const PROCESSOR_BYTES = 3.5 * 2 ** 30;

/** The options for the processor's own kernels: one launch a product, one an attention, all in f32. */
export function processorCompute({ activations }: Pick<MachineSettings, 'activations'>): ComputeOptions {
  return {
    tuning: wholeTuning(),
    attention: 'whole',
    blocks: 'products',
    precision: 'f32',
    activations,
    gpuBytes: PROCESSOR_BYTES,
    workPerSubmit: Infinity,
  };
}
