// The outcome of one check of a backend's start-up self-test.

/** `maxError` is the largest absolute difference between the backend and plain JavaScript in float64; Infinity when the op did not run. */
export interface SelfTestCheck {
  readonly name: string;
  readonly maxError: number;
  readonly tolerance: number;
  readonly passed: boolean;
}
