// What a person set up beside corpora and runs: categories of their own, and corpora that stand for sub-tasks of the catalogue.
import { z } from 'zod';
import { planCategorySchema } from './planFile.ts';

/** Tasks that are trained together; `typeName` is what mentions of every task's type are called then. */
export const ownCategorySchema = planCategorySchema.safeExtend({ typeName: z.string().min(1) });
export type OwnCategory = z.infer<typeof ownCategorySchema>;

export const ownCategoriesSchema = z.array(ownCategorySchema);

/** By id of a sub-task (`NCBI-disease:disease`): the corpus that stands for it here, and the type in that corpus. */
export const assignmentsSchema = z.record(z.string(), z.strictObject({ corpusId: z.string(), type: z.string() }));
export type Assignments = z.infer<typeof assignmentsSchema>;
