// The machine that a backend is under a person's settings, and the part of it that fits a run: a GPU, the processor, or tfjs alone.
import {
  engineMisfit,
  processorCompute,
  type EngineGpu,
  type EngineHome,
  type EngineProcessor,
} from '../src/engine/network/computeOptions.ts';
import type { Platform } from '../src/engine/start/platform.ts';
import type { StartedBackend } from '../src/engine/start/startBackend.ts';
import {
  defaultMachineSettings,
  type MachineSettings,
  type MultiplyAdds,
  type Precision,
} from '../src/schema/machineSettings.ts';
import type { Environment, RunSpec } from '../src/schema/runRecord.ts';
import { readMachineSettings } from '../src/storage/machineRecords.ts';
import { ifCorrupt } from '../src/storage/records.ts';
import { readRunRecord } from '../src/storage/runRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { readModelConfig } from '../src/training/loadModel.ts';
import { gpuUnderSettings } from '../src/training/tuneForRun.ts';
import type { ThreadChoice } from '../src/wire/trainingProtocol.ts';
import { softwareVersion } from '../src/util/softwareVersion.ts';

/** The device under a person's settings. */
export interface TrainingMachine {
  readonly settings: MachineSettings;
  readonly gpu: EngineGpu | null;
  readonly processor: EngineProcessor | null;
  readonly environment: Environment;
  /** Threads of tfjs' backend, for what the engine does not compute. */
  readonly plainThreads: number;
}

/** Where the engine runs; null where tfjs computes everything. */
export function homeOf({ gpu, processor }: Pick<TrainingMachine, 'gpu' | 'processor'>): EngineHome | null {
  return gpu ?? processor;
}

/** The threads that a person may choose; null where the engine does not train on the processor. */
export function threadChoice({ processor }: StartedBackend, platform: Platform): ThreadChoice | null {
  if (processor === null) return null;
  const { usual, most } = platform.engineThreads;
  const { pool } = processor;
  const why =
    most > 1
      ? 'This browser does not share the memory that threads need.'
      : platform.logicalProcessors < 2
        ? 'This machine has one logical processor.'
        : 'This page is not cross-origin isolated, so threads cannot share memory: open it from npm start, or from a server that sends the headers COOP and COEP.';
  return { used: pool?.limit ?? 1, usual, most: pool === null ? 1 : most, onlyOne: pool === null ? why : null };
}

/** The backend as the person's settings for this machine configure it. */
export async function machineUnderSettings(
  backend: StartedBackend,
  store: Store,
  platform: Platform,
): Promise<TrainingMachine> {
  // The lab says that they cannot be read, and the record of a run says its precision.
  const wanted = await readMachineSettings(store).catch(ifCorrupt(defaultMachineSettings));
  const precision = precisionUnder(backend, wanted);
  const settings = { ...wanted, precision };
  const { name, device, threads } = backend;
  const processor = await processorUnder(backend, settings);
  return {
    settings,
    plainThreads: threads,
    processor,
    gpu: backend.gpu && (await gpuUnderSettings(backend.gpu, store, settings)),
    environment: {
      software: softwareVersion,
      backend: name,
      device,
      threads: processor === null ? threads : (processor.pool?.limit ?? 1),
      platform: platform.description,
      precision,
      ...(processor === null ? {} : { engine: 'processor', multiplyAdds: roundingOf(processor) }),
    },
  };
}

/** Mixed precision where the adapter passes its self-test in it, unless the person chose f32; on emulated adapters only by choice. */
function precisionUnder(
  { gpu, mixedPrecision }: Pick<StartedBackend, 'gpu' | 'mixedPrecision'>,
  { precision = gpu?.software === false ? 'mixed' : 'f32' }: Pick<MachineSettings, 'precision'>,
): Precision {
  return mixedPrecision.admitted ? precision : 'f32';
}

const roundingOf = ({ module }: EngineProcessor): MultiplyAdds => (module.relaxed ? 'fused' : 'twice');

/** The processor with the wanted rounding of multiply-adds; with the usual one where none is wanted or the wanted one is not there. */
async function processorUnder(
  { processor, otherRounding }: StartedBackend,
  { activations, multiplyAdds }: Pick<MachineSettings, 'activations' | 'multiplyAdds'>,
): Promise<EngineProcessor | null> {
  if (processor === null) return null;
  const isUsual = multiplyAdds === undefined || multiplyAdds === roundingOf(processor);
  const found = isUsual ? processor : ((await otherRounding()) ?? processor);
  return { ...found, compute: processorCompute({ activations }) };
}

/**
 * The machine without its engine for an encoder that the engine cannot compute, with the reason on a GPU, and for a run that the
 * plain network began on wasm: it alone continues to the same bits. A run that the engine began continues with the rounding of
 * multiply-adds, or in the precision, that it began with.
 */
export async function fittingMachine(
  backend: StartedBackend,
  machine: TrainingMachine,
  store: Store,
  { id, model }: RunSpec,
): Promise<TrainingMachine> {
  if (homeOf(machine) === null) return machine;
  // A model that is gone fails the run when its inputs are read.
  const encoder = await readModelConfig(store, { id: model.id }).catch(() => null);
  const plainNetwork = encoder && engineMisfit(encoder);
  const { engine, multiplyAdds, ...environment } = machine.environment;
  const record = await readRunRecord(store, id);
  const begun = record !== undefined && record.step > 0 ? record.environments.at(-1) : undefined;
  if (engine !== undefined) {
    const isBegunOnWasm = begun?.backend === 'wasm';
    if (plainNetwork !== null || (isBegunOnWasm && begun.engine === undefined)) {
      return { ...machine, processor: null, environment: { ...environment, threads: machine.plainThreads } };
    }
    if (!isBegunOnWasm || begun.multiplyAdds === undefined || begun.multiplyAdds === multiplyAdds) return machine;
    const { activations } = machine.settings;
    const processor = await processorUnder(backend, { activations, multiplyAdds: begun.multiplyAdds });
    return { ...machine, processor, environment: { ...environment, engine, ...(processor && { multiplyAdds: roundingOf(processor) }) } }; // prettier-ignore
  }
  if (plainNetwork !== null) {
    return { ...machine, gpu: null, environment: { ...environment, precision: 'f32', plainNetwork } };
  }
  if (machine.gpu === null || begun?.backend !== 'webgpu' || begun.plainNetwork !== undefined) return machine;
  const precision = precisionUnder(backend, { precision: begun.precision ?? 'f32' });
  if (precision === environment.precision) return machine;
  const settings = { ...machine.settings, precision };
  const gpu = await gpuUnderSettings(machine.gpu, store, settings);
  return { ...machine, settings, gpu, environment: { ...environment, precision } };
}
