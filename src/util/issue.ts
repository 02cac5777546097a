// A problem found in a person's data, with the place where it is.

/** `error`: the sentence or file was left out; `warning`: it was kept after a stated repair; `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One problem in one place. `line` is 1-based; null when the problem is the whole file. */
export interface Issue {
  readonly severity: Severity;
  readonly code: string;
  readonly file: string;
  readonly line: number | null;
  readonly message: string;
}
