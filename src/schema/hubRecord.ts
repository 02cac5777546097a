// What a hub lists for a repository, and what the lab stores of a download from it.
import * as z from '../util/zod.ts';
import { modelSourceSchema } from './modelRecord.ts';

const hubFileSchema = z.strictObject({
  name: z.string(),
  sizeBytes: z.int().check(z.gte(0)),
  digest: z.strictObject({ kind: z.enum(['sha256', 'gitBlob']), hex: z.string() }),
});
export type HubFile = z.infer<typeof hubFileSchema>;

export const downloadRecordSchema = z.strictObject({
  version: z.literal(1),
  /** Derived from hub, repository and commit: the same files are the same download. */
  id: z.string(),
  /** Address of the hub, without the trailing slash. */
  hub: z.string(),
  source: modelSourceSchema,
  /** The files that make up the model; stored parts are keyed by their index in this list. */
  files: z.array(hubFileSchema),
  /** Approximate size of the model in the library. */
  // eslint-disable-next-line house/plainWords -- a stored key
  keptBytes: z.int().check(z.gte(0)),
});
/** What the lab stores about a model being downloaded from a hub, besides the parts received. */
export type DownloadRecord = z.infer<typeof downloadRecordSchema>;

const hex = (digits: number) => z.string().check(z.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));

export const hubListingSchema = z.object({
  /** The commit that the revision resolves to. */
  sha: z.string().check(z.minLength(1)),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().check(z.gte(0)),
      /** SHA-1 of git's blob: of the file itself, or of its LFS pointer. */
      blobId: z.optional(hex(40)),
      lfs: z.nullish(z.object({ sha256: hex(64) })),
    }),
  ),
});
/** What a model hub reports about a repository at a revision. */
export type HubListing = z.infer<typeof hubListingSchema>;
