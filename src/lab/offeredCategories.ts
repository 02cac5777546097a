// The categories a plan can take as they are: a person's own, those of the catalogue that are here, and the samples'.
import { CATEGORY_NAMES, CATEGORY_TYPE_NAMES } from '../data/catalogue.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { OwnCategory } from '../schema/ownCategory.ts';
import { catalogueStatus } from './catalogueStatus.ts';
import type { LabState } from './labState.ts';

export interface OfferedCategory {
  readonly source: 'own' | 'catalogue' | 'sample';
  readonly category: OwnCategory;
}

/** Categories with at least one task here, own ones first; no name is twice among them. */
export function offeredCategories(
  state: Pick<LabState, 'corpora' | 'assignments' | 'categories'>,
): readonly OfferedCategory[] {
  const statuses = catalogueStatus(state);
  const own = state.categories.map((category) => ({ source: 'own' as const, category }));
  const readyMade = CATEGORY_NAMES.flatMap((name): OfferedCategory[] => {
    const typeName = CATEGORY_TYPE_NAMES[name];
    const members = statuses.flatMap(({ subTask, task }) => (subTask.category === name && task !== null ? [task] : []));
    const samples = state.corpora.filter((corpus) => corpus.builtIn && corpus.name.startsWith(sampleName(name)));
    return [
      {
        source: 'catalogue',
        category: { name, typeName, tasks: members.map(({ corpus, type }) => taskOf(corpus, type)) },
      },
      {
        source: 'sample',
        category: { name: sampleName(name), typeName, tasks: samples.map((one) => taskOf(one, typeName)) },
      },
    ];
  });
  const bySource = (source: OfferedCategory['source']): OfferedCategory[] =>
    readyMade.filter((one) => one.source === source && one.category.tasks.length > 0);
  return [...own, ...bySource('catalogue'), ...bySource('sample')];
}

/** Whether a ready-made category has this name, present or not: one's own may not take it. */
export function isReadyMadeName(name: string): boolean {
  return CATEGORY_NAMES.some((known) => name === known || name === sampleName(known));
}

function sampleName(category: string): string {
  return `sample-${category}`;
}

function taskOf({ name, fingerprint }: CorpusRecord, type: string): OwnCategory['tasks'][number] {
  return { corpus: { name, fingerprint }, type };
}
