// Offers categories that a plan can take as they are: a person's own, those of the catalogue that are here, and the samples'.
import { CATEGORY_NAMES, CATEGORY_TYPE_NAMES } from '../../data/catalogue/catalogue.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { ownCategoriesSchema, ownCategorySchema, type OwnCategory } from '../../schema/resultFile.ts';
import { readJson, writeJson } from '../../storage/records.ts';
import type { Store } from '../../storage/store.ts';
import { LabError } from '../../util/labError.ts';
import type { LabState } from '../state/labState.ts';
import type { LabStore } from '../state/labStore.ts';
import { catalogueStatus } from './publicCorpora.ts';

export interface OfferedCategory {
  readonly source: 'own' | 'catalogue' | 'sample';
  readonly category: OwnCategory;
}

/** Lists categories with at least one task here, own ones first; no name is twice among them. */
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

/** Returns whether a ready-made category has this name, present or not: an own category may not take it. */
function isReadyMadeName(name: string): boolean {
  return CATEGORY_NAMES.some((known) => name === known || name === sampleName(known));
}

function sampleName(category: string): string {
  return `sample-${category}`;
}

function taskOf({ name, fingerprint }: CorpusRecord, type: string): OwnCategory['tasks'][number] {
  return { corpus: { name, fingerprint }, type };
}

/** Stores categories that a person puts together from their corpora. */
interface OwnCategories {
  /** Shows what is stored. Throws LabError `storage/corrupt`. */
  restore(): Promise<readonly []>;
  /** Adds a category or replaces the one of its name. Throws LabError `category/invalid` or `category/name`. */
  save(category: OwnCategory): Promise<void>;
  remove(name: string): Promise<void>;
}

const recordKey = 'lab/categories';

export function createOwnCategories({
  store,
  labStore,
}: {
  readonly store: Store;
  readonly labStore: LabStore;
}): OwnCategories {
  async function keep(categories: readonly OwnCategory[]): Promise<void> {
    await writeJson(store, recordKey, categories);
    labStore.update(() => ({ categories }));
  }

  return {
    async restore() {
      const categories = (await readJson(store, recordKey, ownCategoriesSchema)) ?? [];
      labStore.update(() => ({ categories }));
      return [];
    },
    async save(category) {
      const wanted = { ...category, name: category.name.trim(), typeName: category.typeName.trim() };
      const parsed = ownCategorySchema.safeParse(wanted);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        throw new LabError(
          'category/invalid',
          `The category cannot be kept: ${issue?.path.join('.')} ${issue?.message}.`,
        );
      }
      if (isReadyMadeName(wanted.name)) {
        throw new LabError('category/name', 'A ready-made category has this name.', {
          expected: 'another name',
          got: wanted.name,
        });
      }
      const { categories } = labStore.getState();
      const isKnown = categories.some(({ name }) => name === wanted.name);
      const replaced = categories.map((other) => (other.name === wanted.name ? parsed.data : other));
      await keep(isKnown ? replaced : [...categories, parsed.data]);
    },
    async remove(name) {
      await keep(labStore.getState().categories.filter((category) => category.name !== name));
    },
  };
}
