// Declares the runs of a plan, what each starts from, and what they cost.
import type { RunSpec, RunStatus } from '../../schema/runRecord.ts';

/** Estimated cost of a run before it starts. */
export interface RunCost {
  /** Sequences per epoch; an upper bound when sentences are packed or left out. */
  readonly sequencesPerEpoch: number;
  readonly stepsPerEpoch: number;
  /** Total updates. */
  readonly steps: number;
  /** Total sequences to score: devel after each epoch, test for each saved snapshot. */
  readonly scoredSequences: number;
  /** Permanent storage: one float32 copy of the parameters per snapshot. */
  readonly snapshotBytes: number;
  /** Storage until the run finishes: two resume points of parameters and both moments. */
  readonly resumeBytes: number;
}

export interface RunNode {
  readonly spec: RunSpec;
  /** `new` when the lab has no such run. */
  readonly status: RunStatus | 'new';
  /** Whether the run is already finished and so not trained again. */
  readonly isReused: boolean;
  /** Ids of the runs that must finish before this one starts, nearest first. */
  readonly ancestors: readonly string[];
  readonly cost: RunCost;
  /** Remaining updates. */
  readonly stepsLeft: number;
}

export interface RunGraph {
  /** Parents before the runs that start from them. */
  readonly nodes: readonly RunNode[];
  /** Unfinished runs, and their remaining updates in total. */
  readonly runsLeft: number;
  readonly stepsLeft: number;
  /** Sequences to score in the unfinished runs. */
  readonly scoredLeft: number;
  /** Upper bound on the bytes that the unfinished runs will add: their snapshots and the largest resume points. */
  readonly storageBytes: number;
  /** Whether steps are an upper bound, because some run packs its sequences or leaves some out. */
  readonly isUpperBound: boolean;
}
