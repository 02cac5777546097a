// What the analyses are called.
import type { AnalysisView } from '../route.ts';

export const viewNames: Readonly<Record<AnalysisView, string>> = {
  sets: 'Entity sets',
  labels: 'Labels',
  leaks: 'Leaks',
  breakdown: 'Breakdown',
  errors: 'Errors',
};
