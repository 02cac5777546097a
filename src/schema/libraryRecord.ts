// What a user set up in the library besides corpora and runs, and which samples were installed.
import * as z from '../util/zod.ts';
import { planCategorySchema } from './planFile.ts';

/** Tasks that are trained together; `typeName` is the common type name of their mentions. */
export const ownCategorySchema = z.safeExtend(planCategorySchema, { typeName: z.string().check(z.minLength(1)) });
/** A user's setup besides corpora and runs: custom categories, and corpora assigned to sub-tasks of the catalogue. */
export type OwnCategory = z.infer<typeof ownCategorySchema>;

export const ownCategoriesSchema = z.array(ownCategorySchema);

/** By sub-task id (`NCBI-disease:disease`): the corpus assigned to it, and the type in that corpus. */
export const assignmentsSchema = z.record(z.string(), z.strictObject({ corpusId: z.string(), type: z.string() }));
export type Assignments = z.infer<typeof assignmentsSchema>;

/** `corpora/catalogue.json`; file names are relative to its folder. Members meant for human readers are ignored. */
export const builtInCatalogueSchema = z.object({
  version: z.literal(1),
  corpora: z.array(
    z.object({
      name: z.string().check(z.minLength(1)),
      files: z.record(z.enum(['train', 'devel', 'test']), z.string()),
    }),
  ),
});

/** What was installed once, as `corpus/<name>` and `model/<name>`: a sample the user removed does not come back. */
export const builtInsInstalledSchema = z.array(z.string());
