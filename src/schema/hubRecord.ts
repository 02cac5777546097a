// What a hub lists of a repository, and what the lab stores of a download from it.
import { z } from 'zod';
import { modelSourceSchema } from './modelRecord.ts';

const hubFileSchema = z.strictObject({
  name: z.string(),
  sizeBytes: z.int().min(0),
  digest: z.strictObject({ kind: z.enum(['sha256', 'gitBlob']), hex: z.string() }),
});
export type HubFile = z.infer<typeof hubFileSchema>;

export const downloadRecordSchema = z.strictObject({
  version: z.literal(1),
  /** Of hub, repository and commit: the same files are the same download. */
  id: z.string(),
  /** Address of the hub, without the last slash. */
  hub: z.string(),
  source: modelSourceSchema,
  /** Those that the model is made of; parts that came are kept by their place in this list. */
  files: z.array(hubFileSchema),
  /** What the model will take in the library, about. */
  keptBytes: z.int().min(0),
});
/** What the lab keeps about a model on its way from a hub, beside the parts that came. */
export type DownloadRecord = z.infer<typeof downloadRecordSchema>;

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));

export const hubListingSchema = z.object({
  /** The commit that the revision is. */
  sha: z.string().min(1),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.int().min(0),
      /** SHA-1 of git's blob: of the file itself, or of the pointer that stands for one in LFS. */
      blobId: hex(40).optional(),
      lfs: z.object({ sha256: hex(64) }).nullish(),
    }),
  ),
});
/** What a hub of models tells about a repository at a revision. */
export type HubListing = z.infer<typeof hubListingSchema>;
