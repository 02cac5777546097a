// The categories of a plan in the making, as its methods change.
import type { OfferedCategory } from '../lab/offeredCategories.ts';
import type { PlanCategory } from '../schema/planFile.ts';
import type { Method } from '../schema/runRecord.ts';
import type { PlanDraft } from './planDraft.ts';
import type { ReadPlan } from './readPlanDraft.ts';

/** Whether the form asks for tasks alone: only STL, and no category with a name of its own. */
export function isLoose({ methods }: PlanDraft, { categories }: ReadPlan): boolean {
  const [only] = categories;
  return methods.every((method) => method === 'STL') && categories.length <= 1 && (only?.typeName ?? null) === null;
}

/** When tasks are first to be trained together, the first ready-made category stands in for loose tasks that nobody chose. */
export function categoriesFor(
  methods: readonly Method[],
  current: readonly PlanCategory[] | null,
  offered: readonly OfferedCategory[],
): readonly PlanCategory[] | null {
  const together = methods.some((method) => method !== 'STL');
  if (!together) return current;
  if (current === null) {
    const [first] = offered;
    return first === undefined ? null : [first.category];
  }
  return current.map((category) =>
    category.typeName === null
      ? { ...category, name: category.name === 'tasks' ? nameOf(category) : category.name, typeName: typeOf(category) }
      : category,
  );
}

/** The type most of its tasks have, for a start. */
function typeOf({ tasks }: PlanCategory): string | null {
  const types = tasks.flatMap(({ type }) => type ?? []);
  const timesOf = (type: string) => types.filter((other) => other === type).length;
  return types.reduce<string | null>(
    (best, type) => (best === null || timesOf(type) > timesOf(best) ? type : best),
    null,
  );
}

function nameOf(category: PlanCategory): string {
  return typeOf(category)?.toLowerCase() ?? 'category 1';
}
