// Declares the events of a run, and memory, timing and self-test reports of a backend.
import type { EpochPoint, RunRecord, StepPoint } from '../schema/runRecord.ts';
import type { Progress } from '../util/work.ts';

/** Memory as the backend counts it. `gpuBytes` is null on a backend without GPU. */
export interface MemoryReport {
  readonly liveTensors: number;
  readonly tensorBytes: number;
  readonly gpuBytes: number | null;
}

/** Estimated memory of one update, from its planned launches: on the GPU, or in the engine's linear memory on the processor. */
export interface MemoryEstimate {
  readonly bytes: number;
  /** The part for parameters, gradients and moments. */
  readonly bankBytes: number;
  /** Whether the backward pass recomputes activations instead of storing them. */
  readonly recomputed: boolean;
  /** Whether it fits into the GPU memory given in the settings, or into what WebAssembly can address. */
  readonly fits: boolean;
  /** Present where the engine trains on the processor. */
  readonly onProcessor?: true;
}

/** Stands for an estimate where the engine cannot compute an encoder. */
export interface PlainNetwork {
  /** Says why the plain network runs instead. */
  readonly plainNetwork: string;
}

/** One measured update: its time, and the peak bytes of all tensors, weights and moments included. */
export interface MeasuredStep {
  readonly stepMs: number;
  readonly peakBytes: number;
}

/** The predicted time of a run from its start to its end, and its parts. */
export interface PredictedTime {
  /** Reading and verifying the model, comparing and encoding the text, recording launches. */
  readonly preparingMs: number;
  readonly stepsMs: number;
  readonly scoringMs: number;
  readonly savingMs: number;
  readonly totalMs: number;
}

/** `comparing`: training text with test text; `tuning`: finds the fastest matrix products on this GPU; `compiling`: compiles its pipelines. */
export type TrainingPhase =
  'loading' | 'comparing' | 'encoding' | 'tuning' | 'compiling' | 'training' | 'evaluating' | 'saving';

/** An event of a run in progress. */
export type TrainingEvent =
  | { readonly kind: 'started'; readonly record: RunRecord }
  /** Progress of a phase, in sentences or steps. */
  | (Progress & { readonly kind: 'phase'; readonly phase: TrainingPhase })
  | {
      readonly kind: 'step';
      readonly point: StepPoint;
      readonly totalSteps: number;
      readonly tokensPerSecond: number;
      /** Estimate for the rest of the run, evaluations included; null until there is one. */
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
