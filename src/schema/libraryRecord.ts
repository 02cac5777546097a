// What a person set up in the library beside corpora and runs, and which samples were installed.
import { z } from 'zod';
import { planCategorySchema } from './planFile.ts';

/** Tasks that are trained together; `typeName` is what mentions of every task's type are called then. */
export const ownCategorySchema = planCategorySchema.safeExtend({ typeName: z.string().min(1) });
/** What a person set up beside corpora and runs: categories of their own, and corpora that stand for sub-tasks of the catalogue. */
export type OwnCategory = z.infer<typeof ownCategorySchema>;

export const ownCategoriesSchema = z.array(ownCategorySchema);

/** By id of a sub-task (`NCBI-disease:disease`): the corpus that stands for it here, and the type in that corpus. */
export const assignmentsSchema = z.record(z.string(), z.strictObject({ corpusId: z.string(), type: z.string() }));
export type Assignments = z.infer<typeof assignmentsSchema>;

/** `corpora/catalogue.json`; file names are relative to its folder. Members for people to read are left alone. */
export const builtInCatalogueSchema = z.object({
  version: z.literal(1),
  corpora: z.array(
    z.object({
      name: z.string().min(1),
      files: z.record(z.enum(['train', 'devel', 'test']), z.string()),
    }),
  ),
});

/** What was installed once, as `corpus/<name>` and `model/<name>`: what a person removed does not come back. */
export const builtInsInstalledSchema = z.array(z.string());
