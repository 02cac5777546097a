// Describes the tagger that comes with the lab: its files, and its scores on annotated text.
import * as z from '../util/zod.ts';
import type { LabErrorData } from '../util/labError.ts';

const percentSchema = z.number().check(z.gte(0), z.lte(100));

/** `taggers/catalogue.json`: what the shipped tagger is, and its files. */
export const shippedTaggerSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().check(z.minLength(1)),
  /** The run that trained it, in `results/`. */
  runId: z.string(),
  licence: z.string(),
  /** Paths in `public/`; the vocabulary is that of the built-in model. `sha256` of the whole file. */
  files: z.array(
    z.strictObject({
      name: z.string(),
      path: z.string(),
      sizeBytes: z.int().check(z.gte(1)),
      sha256: z.string().check(z.length(64)),
    }),
  ),
  /** Scores on the annotated test set of each corpus, exact mentions, in percent. */
  tests: z.array(
    z.strictObject({
      type: z.string(),
      corpus: z.string(),
      sentences: z.int().check(z.gte(1)),
      precision: percentSchema,
      recall: percentSchema,
      f1: percentSchema,
    }),
  ),
});
/** What the card of the shipped tagger says. */
export type ShippedTaggerCard = z.infer<typeof shippedTaggerSchema>;

/** What the lab knows of the tagger that comes with it. */
export type ShippedTagger =
  | { readonly status: 'unwanted' }
  /** `ofBytes` is 0 until it is known. */
  | { readonly status: 'fetching'; readonly doneBytes: number; readonly ofBytes: number }
  /** `installed` is false where a person removed it from the library. */
  | { readonly status: 'known'; readonly installed: boolean; readonly card: ShippedTaggerCard }
  | { readonly status: 'failed'; readonly problem: LabErrorData };

/** Which one was installed here: one that a person removed does not come back by itself. */
export const shippedNoteSchema = z.strictObject({ runId: z.string() });
