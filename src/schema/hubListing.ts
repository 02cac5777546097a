// What a hub of models tells about a repository at a revision.
import { z } from 'zod';

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
export type HubListing = z.infer<typeof hubListingSchema>;
