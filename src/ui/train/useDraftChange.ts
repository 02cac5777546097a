// Lets any page prepare a plan in the form of the page New: on a corpus, with a model, or as earlier runs were trained.
import { createContext, useContext, type Dispatch, type SetStateAction } from 'react';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { areSingle } from '../../schema/methods.ts';
import type { ModelRecord } from '../../schema/modelRecord.ts';
import type { PlanFile } from '../../schema/planFile.ts';
import { goTo } from '../shared/route.ts';
import { draftOfPlan, looseTasks, taskOfCorpus, withModel, type PlanDraft } from './planDraft.ts';

export const DraftChangeContext = createContext<Dispatch<SetStateAction<PlanDraft>>>(() => undefined);

/** What a person brings to the form. */
interface Brought {
  readonly corpora: readonly CorpusRecord[];
  readonly models: readonly ModelRecord[];
}

/** Makes corpora the tasks of a plan for single tasks; tasks trained together stay, as they belong to a category. */
export function draftWith(draft: PlanDraft, { corpora, models }: Brought): PlanDraft {
  const isSingle = areSingle(draft.methods);
  const [model] = models;
  return {
    ...draft,
    ...(corpora.length > 0 && isSingle ? { categories: [looseTasks(corpora.map(taskOfCorpus))] } : {}),
    ...(model === undefined ? {} : withModel(draft, model)),
  };
}

interface DraftChange {
  /** Shows the form with a single task on this corpus. */
  readonly trainOn: (corpus: CorpusRecord) => void;
  /** Shows the form with this model. */
  readonly trainWith: (model: ModelRecord) => void;
  /** Shows the form as this plan fills it, with more seeds if wanted. */
  readonly trainAgain: (plan: PlanFile, moreSeeds?: number) => void;
}

export function useDraftChange(): DraftChange {
  const change = useContext(DraftChangeContext);
  const show = (next: (draft: PlanDraft) => PlanDraft): void => {
    change(next);
    goTo({ page: 'new' });
  };
  return {
    trainOn: (corpus) => show((draft) => draftWith({ ...draft, methods: ['STL'] }, { corpora: [corpus], models: [] })),
    trainWith: (model) => show((draft) => draftWith(draft, { corpora: [], models: [model] })),
    trainAgain: (plan, moreSeeds = 0) => show(() => ({ ...draftOfPlan(withSeeds(plan, moreSeeds)), fromFile: false })),
  };
}

/** Adds the lowest seeds from 1 on that the plan does not have. */
export function withSeeds(plan: PlanFile, count: number): PlanFile {
  const seeds = [...plan.seeds];
  for (let seed = 1; seeds.length < plan.seeds.length + count; seed++) if (!seeds.includes(seed)) seeds.push(seed);
  return { ...plan, seeds };
}
