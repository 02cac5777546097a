// Categories that a person puts together from their own corpora.
import { LabError } from '../util/labError.ts';
import { ownCategoriesSchema, ownCategorySchema, type OwnCategory } from '../schema/ownCategory.ts';
import { readJson, writeJson } from '../storage/records.ts';
import type { Store } from '../storage/store.ts';
import type { Board } from './board.ts';
import { isReadyMadeName } from './offeredCategories.ts';

export interface CategoryShelf {
  /** Shows what is stored. Throws LabError `storage/corrupt`. */
  restore(): Promise<void>;
  /** Adds a category or replaces the one of its name. Throws LabError `category/invalid` or `category/name`. */
  save(category: OwnCategory): Promise<void>;
  remove(name: string): Promise<void>;
}

const recordKey = 'lab/categories';

export function createCategoryShelf({ store, board }: { readonly store: Store; readonly board: Board }): CategoryShelf {
  async function keep(categories: readonly OwnCategory[]): Promise<void> {
    await writeJson(store, recordKey, categories);
    board.update(() => ({ categories }));
  }

  return {
    async restore() {
      const categories = (await readJson(store, recordKey, ownCategoriesSchema)) ?? [];
      board.update(() => ({ categories }));
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
          expected: 'a name of its own',
          got: wanted.name,
        });
      }
      const { categories } = board.getState();
      const isKnown = categories.some(({ name }) => name === wanted.name);
      const replaced = categories.map((other) => (other.name === wanted.name ? parsed.data : other));
      await keep(isKnown ? replaced : [...categories, parsed.data]);
    },
    async remove(name) {
      await keep(board.getState().categories.filter((category) => category.name !== name));
    },
  };
}
