// Counts the test sentences that occur in what a plan would train on, once the plan is complete.
import { analysisCategories, taskOf } from '../../lab/comparison/analysableTasks.ts';
import { membersKey } from '../../lab/comparison/comparison.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { areSingle } from '../../schema/methods.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { NOTHING_CHOSEN, routeHref } from '../shared/route.ts';
import { useAnalysis, type Analysed } from '../shared/useAnalysis.ts';
import { shallow, useLab, useRunRecords } from '../shared/useLab.ts';
import type { ReadPlan } from './readPlanDraft.ts';

export interface PlanLeaks {
  /** Test sentences, and those of them that occur in the training text. */
  readonly compared: number;
  readonly exact: number;
  /** Training sentences of all groups, and those of them that would be left out; null if none are to be. */
  readonly training: number;
  readonly leftOut: number | null;
  /** Address of the task with most of them, if the analysis page knows the tasks it is trained with. */
  readonly href: string | null;
}

/** Searches MTL plans by category and STL plans by task; `working` also without a plan. */
export function usePlanLeaks({ plan, categories }: ReadPlan): Analysed<PlanLeaks> {
  const library = useLab(({ corpora, assignments, categories }) => ({ corpora, assignments, categories }), shallow);
  const own = useRunRecords();
  const together = plan !== null && !areSingle(plan.methods);
  const named = categories.map(({ tasks }) =>
    tasks.flatMap(({ found: last, type }): TaskRef[] => {
      if (last === null) return [];
      const { id, name, fingerprint } = last;
      return [{ corpus: { id, name, fingerprint }, type }];
    }),
  );
  const groups = together ? named : named.flat().map((task) => [task]);
  const found = useAnalysis(
    'planLeaks',
    plan === null
      ? null
      : {
          groups: groups.map((tasks) => tasks.map(taskOf)),
          splits: plan.config.trainOn === 'train' ? ['train'] : ['train', 'devel'],
          leaveOut: plan.config.leaveOut ?? null,
        },
  );
  if (found.status === 'failed') return found;
  if (found.status === 'working') return { ...found, last: null };
  const { answer } = found;
  const sum = (of: (group: (typeof answer)[number]) => number): number =>
    answer.reduce((total, group) => total + of(group), 0);
  return {
    status: 'ready',
    answer: {
      compared: sum(({ compared }) => compared),
      exact: sum(({ exact }) => exact.reduce((total, one) => total + one, 0)),
      training: sum(({ training }) => training),
      leftOut: plan?.config.leaveOut === undefined ? null : sum(({ leftOut }) => leftOut ?? 0),
      href: hrefOfMost(groups, answer.map(({ exact }) => exact), library, own), // prettier-ignore
    },
  };
}

function hrefOfMost(
  groups: readonly (readonly TaskRef[])[],
  exact: readonly (readonly number[])[],
  library: Pick<LabState, 'corpora' | 'assignments' | 'categories'>,
  own: readonly RunRecord[],
): string | null {
  const leaking = groups
    .flatMap((tasks, group) => tasks.map((task, index) => ({ task, tasks, exact: exact[group]?.[index] ?? 0 })))
    .sort((left, right) => right.exact - left.exact);
  const [most] = leaking;
  if (most === undefined || most.exact === 0) return null;
  const category = analysisCategories(most.task, null, own, library).find(
    ({ tasks }) => membersKey(tasks) === membersKey(most.tasks),
  );
  if (category === undefined) return null;
  const { corpus, type } = most.task;
  return routeHref({
    page: 'analyse',
    ...NOTHING_CHOSEN,
    view: 'leaks',
    corpus: corpus.id,
    type,
    category: category.name,
  });
}
