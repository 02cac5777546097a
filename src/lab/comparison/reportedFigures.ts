// Finds the tasks of a comparison that reported figures are about, names them as reported, and writes the lab's own scores in the same form.
import type { ReportedByTask, ReportedFile, ReportedScore } from '../../schema/reportedScores.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { taskKey, type Comparison } from './comparison.ts';
import { variantName } from '../state/methodNames.ts';
import { publishedScores } from './publishedScores.ts';
import { variantSpread } from './variantSpread.ts';

/** The lab's own test scores of an experiment in the same form: means over seeds and rounds. */
export function scoresOf({ tasks }: Pick<Comparison, 'tasks'>): readonly ReportedScore[] {
  return tasks.flatMap(({ task, variants }) =>
    variants.flatMap((variant): ReportedScore[] => {
      const meanOf = (measure: 'precision' | 'recall' | 'f1') =>
        variantSpread(variant, { split: 'test', measure, over: 'trainings' })?.mean ?? null;
      const f1 = meanOf('f1');
      if (f1 === null) return [];
      const { method, rate } = variant;
      const name = variantName(variant);
      const text = task.type === null ? task.corpus.name : `${task.corpus.name} · ${task.type}`;
      return [{ name, method, rate, task: text, precision: meanOf('precision'), recall: meanOf('recall'), f1, source: 'BioNER Lab' }]; // prettier-ignore
    }),
  );
}

export interface ReportedMatch {
  /** The scores on each task of the comparison, by `taskKey`. */
  readonly byTask: ReportedByTask;
  /** Number of scores on tasks that are not in the comparison. */
  readonly unmatched: number;
}

/**
 * Finds the scores on the tasks of a comparison. A task is named by its corpus with its type (`NCBI-disease · Disease`), by the paper's name of it, or
 * by the corpus alone where the comparison has one task of that corpus; case and signs between words do not matter.
 */
export function matchReported({ tasks }: Pick<Comparison, 'tasks'>, files: readonly ReportedFile[]): ReportedMatch {
  const refs = tasks.map(({ task }) => task);
  const namesOf = new Map(refs.map((task) => [taskKey(task), new Set(taskNames(task, refs))]));
  const byTask = new Map<string, ReportedScore[]>();
  let unmatched = 0;
  for (const score of files.flatMap(({ scores }) => scores)) {
    const name = plainName(score.task);
    const keys = [...namesOf].flatMap(([key, names]) => (names.has(name) ? [key] : []));
    if (keys.length === 0) unmatched++;
    for (const key of keys) byTask.set(key, [...(byTask.get(key) ?? []), score]);
  }
  return { byTask, unmatched };
}

function taskNames({ corpus, type }: TaskRef, all: readonly TaskRef[]): readonly string[] {
  const published = publishedScores({ corpus, type })?.subTask;
  const isAlone = all.filter((other) => other.corpus.fingerprint === corpus.fingerprint).length === 1;
  return [
    `${corpus.name} ${type ?? 'all types'}`,
    ...(isAlone || type === null ? [corpus.name] : []),
    ...(published === undefined ? [] : [published.id, `${published.dataset} ${published.category}`]),
    ...(published !== undefined && isAlone ? [published.dataset] : []),
  ].map(plainName);
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim(); // prettier-ignore
}

/** Names a reported figure so that nobody takes it for one of the lab. */
export function reportedName({ name, source }: ReportedScore): string {
  return source === null ? `${name}, reported` : `${name}, reported by ${source}`;
}
