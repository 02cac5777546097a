// Questions about leaks, their last results kept for whoever goes back and forth between them.
import type {
  GroupLeaks,
  LeakedText,
  LeakPairsQuery,
  LeakReport,
  LeaksQuery,
  PlanLeaksQuery,
} from '../metrics/leakReport.ts';
import type { TaskLeaks } from '../metrics/leaks.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import { leakPairs } from './leakPairs.ts';
import { planLeaks } from './planLeaks.ts';
import { recent } from './recent.ts';
import { taskLeaks } from './taskLeaks.ts';

const KEPT_REPORTS = 4;

export function leakQuestions(inputs: AnalysisInputs) {
  const ofCategories = recent<LeaksQuery, readonly LeakReport[]>(KEPT_REPORTS);
  const ofPlans = recent<PlanLeaksQuery, readonly GroupLeaks[]>(KEPT_REPORTS);
  const ofText = recent<LeakedText, readonly TaskLeaks[]>(KEPT_REPORTS);
  return {
    leaks: (query: LeaksQuery, job: AnalysisJob) => ofCategories.of(query, () => taskLeaks(query, inputs, job)),
    ofPlan: (query: PlanLeaksQuery, job: AnalysisJob) => ofPlans.of(query, () => planLeaks(query, inputs, job)),
    pairs: (query: LeakPairsQuery, job: AnalysisJob) => leakPairs(query, inputs, ofText, job),
  };
}
