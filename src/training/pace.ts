// Predicts the time of recorded launches and of other work from the measured pace of this machine.
import { passWithoutDevice, recordFittingGradients } from '../engine/network/estimateMemory.ts';
import type { ComputeOptions } from '../engine/network/computeOptions.ts';
import { recordPrediction, recordUpdate } from '../engine/network/taggerPass.ts';
import type { Launch, Resident } from '../engine/gpu/recorder.ts';
import type { BatchSize } from '../model/blocks/batch.ts';
import type { TaggerShape } from '../model/tagger.ts';
import type { TrainingConfig } from '../schema/config.ts';
import type { MachinePace, PacePoint } from '../schema/machinePace.ts';

/** Kinds of work besides launches. */
export const OTHER_WORK = {
  /** What a step needs beyond its launches: preparing inputs, calls, answers of the device; by pieces, and by launches on a GPU. */
  step: 'beyond launches of a step',
  tagging: 'beyond launches of a tagging',
  /** Recording and binding the launches of a new size, by their number. */
  record: 'recording launches',
  /** By bytes and by records. */
  storedBytes: 'stored bytes',
  storedRecords: 'stored records',
  /** Verifying a model's files, by bytes. */
  verifiedBytes: 'verified bytes',
} as const;

type LaunchOf = Pick<Launch, 'kernel' | 'sizes' | 'work'>;

/** Names a launch by what its time depends on besides its work: the kernel, and whether it draws dropout. The number of tags hardly matters. */
export function kindOf({ kernel, sizes }: LaunchOf): string {
  const threshold = kernel.sizes.findIndex(({ name }) => name === 'threshold');
  const drops = threshold >= 0 && sizes[threshold] !== 0;
  return `${kernel.name.replace(/, \d+ tags$/, '')}${drops ? ', drops' : ''}`;
}

/** The launches of one micro-batch, of the update of a step, and of tagging a batch. */
export interface RecordedStep {
  readonly gradients: readonly Launch[];
  readonly update: readonly Launch[];
  readonly tagging: readonly Launch[];
}

/** Records what an engine with these options would launch, without a device. */
export function recordedStep(
  shape: TaggerShape,
  config: Pick<TrainingConfig, 'adam' | 'clipNorm' | 'dropout'>,
  compute: ComputeOptions,
  size: BatchSize,
  trained?: (name: string) => boolean,
): RecordedStep {
  const { given, stepLoss } = passWithoutDevice(shape, compute, size, trained);
  const { launches } = recordFittingGradients(given, config.dropout, stepLoss, compute);
  const resident = (label: string, length: number): Resident => ({ kind: 'resident', label, length });
  const buffers = { state: given.state, stepLoss, clip: resident('clipping', 2), pending: resident('pending', 2) };
  const count = size.size * size.pieces;
  const emissions = resident('emissions', count * shape.head.tagCount);
  return {
    gradients: launches,
    update: recordUpdate(given.banks, config, () => ({ rate: 1, gradient: 1 }), buffers),
    tagging: recordPrediction(given, emissions, resident('tags', count)),
  };
}

/** A kind without a point takes the mean time of its family: the kernel's first words. */
const familyOf = (name: string): string => name.split(' ').slice(0, 2).join(' ').replace(/,$/, '');

/** Milliseconds at a work between measured points: between two by the logarithms, beyond them in proportion. */
function interpolated(points: readonly PacePoint[], work: number): number {
  const above = points.findIndex((point) => point.work >= work);
  const [low, high] = [points[above - 1], points[above]];
  if (high === undefined) {
    const last = points.at(-1) as PacePoint;
    return last.work > 0 ? (last.ms * work) / last.work : last.ms;
  }
  if (low === undefined || low.work === 0 || low.ms === 0 || high.ms === 0) {
    return high.work > 0 ? (high.ms * work) / high.work : high.ms;
  }
  const share = Math.log(work / low.work) / Math.log(high.work / low.work);
  return low.ms * (high.ms / low.ms) ** share;
}

export class Pace {
  private readonly kinds: ReadonlyMap<string, readonly PacePoint[]>;
  /** Milliseconds for a unit of work, of each family of kernels and of all. */
  private readonly families = new Map<string, { work: number; ms: number }>();

  constructor({ kinds }: MachinePace) {
    this.kinds = new Map(kinds.map(({ name, points }) => [name, points]));
    const others = new Set<string>(Object.values(OTHER_WORK));
    for (const { name, points } of kinds) {
      if (others.has(name)) continue;
      for (const family of [familyOf(name), '']) {
        const sum = this.families.get(family) ?? { work: 0, ms: 0 };
        for (const point of points) Object.assign(sum, { work: sum.work + point.work, ms: sum.ms + point.ms });
        this.families.set(family, sum);
      }
    }
  }

  msOf(kind: string, work: number): number {
    const other = kind.endsWith(', drops') ? kind.slice(0, -', drops'.length) : `${kind}, drops`;
    const points = this.kinds.get(kind) ?? this.kinds.get(other);
    if (points !== undefined) return interpolated(points, work);
    const family = this.families.get(familyOf(kind)) ?? this.families.get('');
    return family === undefined || family.work === 0 ? 0 : (family.ms * work) / family.work;
  }

  launchesMs(launches: readonly LaunchOf[]): number {
    return launches.reduce((sum, launch) => sum + this.msOf(kindOf(launch), launch.work), 0);
  }
}
