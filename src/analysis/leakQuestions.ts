// Questions about leaks, their last results kept for whoever goes back and forth between them.
import type { Task } from '../data/corpus.ts';
import type { GroupLeaks, LeakedText, LeakReport, TrainingSplit } from '../metrics/leakReport.ts';
import type { TaskLeaks } from '../metrics/leaks.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import { leakPairs } from './leakPairs.ts';
import { planLeaks, type PlanLeaksQuery } from './planLeaks.ts';
import { recent } from './recent.ts';
import { taskLeaks } from './taskLeaks.ts';

interface CategoryQuery {
  readonly tasks: readonly Task[];
  readonly splits: readonly TrainingSplit[];
  readonly near: boolean;
}

const KEPT_REPORTS = 4;

export function leakQuestions(inputs: AnalysisInputs) {
  const ofCategories = recent<CategoryQuery, readonly LeakReport[]>(KEPT_REPORTS);
  const ofPlans = recent<PlanLeaksQuery, readonly GroupLeaks[]>(KEPT_REPORTS);
  const ofText = recent<LeakedText, readonly TaskLeaks[]>(KEPT_REPORTS);
  return {
    leaks: (query: CategoryQuery, job: AnalysisJob) => ofCategories.of(query, () => taskLeaks(query, inputs, job)),
    ofPlan: (query: PlanLeaksQuery, job: AnalysisJob) => ofPlans.of(query, () => planLeaks(query, inputs, job)),
    pairs: (query: Parameters<typeof leakPairs>[0], job: AnalysisJob) => leakPairs(query, inputs, ofText, job),
  };
}
