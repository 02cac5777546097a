// What comes with the lab: the catalogue of its sample corpora, and the note of what a store has taken in.
import { z } from 'zod';

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
