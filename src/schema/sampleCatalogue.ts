// The list of sample corpora that come with the lab (public/corpora/catalogue.json).
import { z } from 'zod';

const perSplit = <Schema extends z.ZodType>(schema: Schema) =>
  z.strictObject({ train: schema, devel: schema, test: schema });

export const sampleCatalogueSchema = z.strictObject({
  version: z.literal(1),
  corpora: z.array(
    z.strictObject({
      name: z.string().min(1),
      category: z.enum(['chemical', 'disease', 'gene', 'species']),
      /** The one entity type annotated in it. */
      type: z.string().min(1),
      about: z.string(),
      licence: z.literal('CC0-1.0'),
      /** Paths beside the catalogue. */
      files: perSplit(z.string()),
      sentences: perSplit(z.int().min(0)),
      mentions: perSplit(z.int().min(0)),
    }),
  ),
});
export type SampleCatalogue = z.infer<typeof sampleCatalogueSchema>;
