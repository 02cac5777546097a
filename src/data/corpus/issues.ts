// Problems found in the user's data: what is wrong, where, how severe, and how many more there are.
import { shortened } from '../../util/wording.ts';

/** The maximum that a stored corpus record holds. */
const MOST_ISSUES = 1000;

const severities: readonly Severity[] = ['error', 'warning', 'info'];

/** How many problems of each severity may still be listed for files that are read together, such as a folder of documents. */
export class IssueBudget {
  readonly left: Record<Severity, number> = { error: MOST_ISSUES, warning: MOST_ISSUES, info: MOST_ISSUES };
}

/** Collects the problems of one file. Memory is bounded, whatever the file; with a budget, whatever the number of files. */
export class IssueList {
  readonly file: string;
  readonly listed: Issue[] = [];
  count = 0;
  private readonly budget: IssueBudget;

  constructor(file: string, budget: IssueBudget = new IssueBudget()) {
    this.file = file;
    this.budget = budget;
  }

  /** Adds one problem, its message cut at 1000 characters; `line` is 1-based, null if it concerns the whole file. */
  add(severity: Severity, code: string, line: number | null, message: string): void {
    this.count++;
    if (this.listed.length >= MOST_ISSUES || this.budget.left[severity] === 0) return;
    this.budget.left[severity]--;
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

/** `error`: a mention, a sentence or the file was left out; `warning`: it was kept after a stated repair; `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One problem at one position. `line` is 1-based; null if it concerns the whole file. */
export interface Issue {
  readonly severity: Severity;
  readonly code: string;
  readonly file: string;
  readonly line: number | null;
  readonly message: string;
}
