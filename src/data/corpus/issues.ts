// Problems found in the user's data: what is wrong, where, how severe, and how many more there are.
import { shortened } from '../../util/wording.ts';

/** The maximum that a stored corpus record holds. */
const MOST_ISSUES = 1000;

const severities: readonly Severity[] = ['error', 'warning', 'info'];

/** Collects the problems of one file. Memory is bounded by `keptIssues`, whatever the file. */
export class IssueList {
  readonly file: string;
  readonly listed: Issue[] = [];
  count = 0;

  constructor(file: string) {
    this.file = file;
  }

  /** Adds one problem, its message cut at 1000 characters; `line` is 1-based, null if it concerns the whole file. */
  add(severity: Severity, code: string, line: number | null, message: string): void {
    this.count++;
    if (this.listed.length >= MOST_ISSUES) return;
    this.listed.push({ severity, code, file: this.file, line, message: shortened(message) });
  }
}

/** Merges the kept problems of several lists into at most `keptIssues`, errors first, so that no flood of warnings hides them. */
export function mergeIssues(lists: readonly (readonly Issue[])[]): Issue[] {
  const all = lists.flat();
  return severities.flatMap((severity) => all.filter((issue) => issue.severity === severity)).slice(0, MOST_ISSUES);
}

/** Quotes a text from the user's file, shortened and made printable for a message. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** `error`: the sentence or file was left out; `warning`: it was kept after a stated repair; `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One problem at one position. `line` is 1-based; null if it concerns the whole file. */
export interface Issue {
  readonly severity: Severity;
  readonly code: string;
  readonly file: string;
  readonly line: number | null;
  readonly message: string;
}
