// What a run and a backend report on their way, as types.
import type { EpochPoint, RunRecord, StepPoint } from '../schema/runRecord.ts';
import type { Progress } from '../util/work.ts';

/** Memory as the backend counts it. `gpuBytes` is null where nothing is on a GPU. */
export interface MemoryReport {
  readonly liveTensors: number;
  readonly tensorBytes: number;
  readonly gpuBytes: number | null;
}

/** What an update will take on the GPU, as its launches are planned. */
export interface MemoryEstimate {
  readonly bytes: number;
  /** Of it parameters, gradients and moments. */
  readonly bankBytes: number;
  /** Whether layers are done again in the backward pass instead of kept. */
  readonly recomputed: boolean;
  /** Whether it fits into what the settings say the GPU has. */
  readonly fits: boolean;
}

/** One update as it was measured: its time, and the most bytes that tensors held at once, weights and moments included. */
export interface MeasuredStep {
  readonly stepMs: number;
  readonly peakBytes: number;
}

/** `comparing`: training text with test text; `tuning`: the fastest matrix products of this GPU are looked for; `compiling`: its programs are made ready. */
export type TrainingPhase =
  'loading' | 'comparing' | 'encoding' | 'tuning' | 'compiling' | 'training' | 'evaluating' | 'saving';

/** What a run tells while it goes on, as types. */
export type TrainingEvent =
  | { readonly kind: 'started'; readonly record: RunRecord }
  /** Progress of a phase, in sentences or steps. */
  | (Progress & { readonly kind: 'phase'; readonly phase: TrainingPhase })
  | {
      readonly kind: 'step';
      readonly point: StepPoint;
      readonly totalSteps: number;
      readonly tokensPerSecond: number;
      /** Estimate for the whole rest of the run, evaluations included; null before there is one. */
      readonly remainingMs: number | null;
      readonly memory: MemoryReport;
    }
  | { readonly kind: 'epoch'; readonly point: EpochPoint }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly sizeBytes: number }
  /** The run left the device: paused, stopped, failed or finished; the record is already stored. */
  | { readonly kind: 'ended'; readonly record: RunRecord };

/** `maxError` is the largest absolute difference between the backend and plain JavaScript in float64; Infinity when the op did not run. */
export interface SelfTestCheck {
  readonly name: string;
  readonly maxError: number;
  readonly tolerance: number;
  readonly passed: boolean;
}
