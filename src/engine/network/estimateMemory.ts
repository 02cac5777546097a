// Estimates the GPU memory of a step from its launches, without a device.
import type { BatchSize } from '../../model/blocks/batch.ts';
import { isSaved } from '../../model/adapters.ts';
import type { DropoutRates } from '../../model/blocks/dropout.ts';
import { openTagCount } from '../../model/parameters.ts';
import type { TaggerShape } from '../../model/tagger.ts';
import type { MemoryEstimate } from '../../wire/trainingEvent.ts';
import { planSlots } from '../gpu/arena.ts';
import type { Launch, Resident } from '../gpu/recorder.ts';
import { stateLength } from '../gpu/stepState.ts';
import { batchInputs } from './batchInputs.ts';
import type { ComputeOptions } from './computeOptions.ts';
import { designOf, positionTable } from './encoderPass.ts';
import { ParameterBanks } from './parameterBanks.ts';
import type { Keeping } from './savedLayer.ts';
import { recordGradients, type TaggerPass } from './taggerPass.ts';

const BYTES_PER_WORD = 4;

/** Bytes of parameters, and of gradients and moments of those that are trained. */
export function bankBytes({ banks }: ParameterBanks): number {
  const words = banks.map(({ length, trained }) => length * (trained === null ? 1 : 4));
  return BYTES_PER_WORD * words.reduce((sum, length) => sum + length, 0);
}

/** Bytes of a plan's temporaries. */
export function temporaryBytes(launches: readonly Launch[]): number {
  return BYTES_PER_WORD * planSlots(launches).slots.reduce((sum, length) => sum + length, 0);
}

export interface RecordedGradients {
  readonly launches: readonly Launch[];
  readonly keeping: Keeping;
  readonly temporaryBytes: number;
}

/** Records the launches of a micro-batch with the configured activations; `auto` saves them if they fit into memory. */
export function recordFittingGradients(
  given: TaggerPass,
  rates: DropoutRates,
  stepLoss: Resident,
  { precision, activations, gpuBytes }: Pick<ComputeOptions, 'precision' | 'activations' | 'gpuBytes'>,
): RecordedGradients {
  const record = (keeping: Keeping): RecordedGradients => {
    const launches = recordGradients(given, rates, keeping, stepLoss);
    return { launches, keeping, temporaryBytes: temporaryBytes(launches) };
  };
  if (activations === 'recomputed') return record('input');
  const compact = record(precision === 'mixed' ? 'halves' : 'whole');
  const fits = bankBytes(given.banks) + compact.temporaryBytes <= gpuBytes;
  if (activations === 'kept' || fits) return compact;
  const recomputed = record('input');
  return recomputed.temporaryBytes < compact.temporaryBytes ? recomputed : compact;
}

/** Inputs for recording a pass without a device; trains what no slicing has frozen unless `trained` says otherwise. */
export function passWithoutDevice(
  shape: TaggerShape,
  { tuning, attention, blocks }: Pick<ComputeOptions, 'tuning' | 'attention' | 'blocks'>,
  { size: sequences, pieces }: BatchSize,
  trained: (name: string) => boolean = (name) => isSaved(name, shape.encoder),
): { readonly given: TaggerPass; readonly stepLoss: Resident } {
  const resident = (label: string, length: number): Resident => ({ kind: 'resident', label, length });
  const table = positionTable(designOf(shape.encoder));
  const given: TaggerPass = {
    shape,
    tuning,
    attention,
    blocks,
    banks: new ParameterBanks(shape, trained),
    sequences,
    pieces,
    inputs: batchInputs(sequences, pieces, openTagCount(shape.head)),
    positionTable: table && resident('table of positions', table(pieces).length),
    state: resident('state', stateLength(shape.encoder.layers)),
  };
  return { given, stepLoss: resident('loss of the step', 1) };
}

/** Estimates the memory of an update with micro-batches of a size, with all parameters trained, or all but those beside adapters, unless `trained` says otherwise. */
export function estimateMemory(
  shape: TaggerShape,
  rates: DropoutRates,
  compute: ComputeOptions,
  size: BatchSize,
  trained?: (name: string) => boolean,
): MemoryEstimate {
  const { given, stepLoss } = passWithoutDevice(shape, compute, size, trained);
  const { keeping, temporaryBytes: temporaries } = recordFittingGradients(given, rates, stepLoss, compute);
  const inUse = bankBytes(given.banks);
  const own = BYTES_PER_WORD * (given.inputs.buffer.length + (given.positionTable?.length ?? 0) + given.state.length);
  const bytes = inUse + temporaries + own;
  return { bytes, bankBytes: inUse, recomputed: keeping === 'input', fits: bytes <= compute.gpuBytes };
}
