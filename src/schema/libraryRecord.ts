// What a person set up and wrote: corpora assigned to sub-tasks, downloads from a hub, and names, notes and tags of runs and experiments.
import { LabError } from '../util/labError.ts';
import * as z from '../util/zod.ts';
import { modelSourceSchema } from './modelRecord.ts';

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

// What a hub lists for a repository, and what the lab stores of a download from it.

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

/** A partial download of a hub model, stored until it is complete or discarded. */
export interface ModelDownload {
  readonly record: DownloadRecord;
  /** Bytes stored; while a job downloads it, the job's progress is more recent. */
  readonly receivedBytes: number;
  /** The job that downloads it; null while idle. */
  readonly jobId: number | null;
}

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

// What a person wrote about runs and experiments: names, notes, tags, and what was archived. Apart from the records, whose content it never changes.

/** The most of each that is stored. */
export const descriptionLimits = { nameLength: 200, notesLength: 20_000, tagLength: 60, tags: 50 } as const;

const { nameLength, notesLength, tagLength, tags } = descriptionLimits;

export const descriptionSchema = z.strictObject({
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(nameLength))),
  notes: z.optional(z.string().check(z.minLength(1), z.maxLength(notesLength))),
  /** In the order they were added, each once. */
  tags: z.optional(
    z.array(z.string().check(z.minLength(1), z.maxLength(tagLength))).check(z.minLength(1), z.maxLength(tags)),
  ),
  archived: z.optional(z.literal(true)),
});
/** Members that nothing was written for are absent. */
export type Description = z.infer<typeof descriptionSchema>;

/** By the ids of runs, and by those of experiments, which are the same in every lab. */
export const descriptionsSchema = z.strictObject({
  runs: z.record(z.string(), descriptionSchema),
  experiments: z.record(z.string(), descriptionSchema),
});
export type Descriptions = z.infer<typeof descriptionsSchema>;

/** What is described. */
export type DescribedKind = keyof Descriptions;

export const NOTHING_DESCRIBED: Descriptions = { runs: {}, experiments: {} };

/** What changes of a description: members that are absent stay. */
export interface DescriptionChange {
  readonly name?: string;
  readonly notes?: string;
  readonly archived?: boolean;
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
}

/**
 * Returns a description after a change, without members that say nothing. Throws LabError `description/too-long` or `description/too-many-tags`.
 */
export function changedDescription(before: Description, change: DescriptionChange): Description {
  const { nameLength, notesLength, tagLength, tags: mostTags } = descriptionLimits;
  const name = withinLength('name', change.name?.trim() ?? before.name ?? '', nameLength);
  const notes = withinLength('notes', change.notes?.trim() ?? before.notes ?? '', notesLength);
  const removed = new Set(change.removeTags);
  const added = (change.addTags ?? []).map((tag) => withinLength('tag', tag.trim().replace(/\s+/g, ' '), tagLength));
  const tags = [...new Set([...(before.tags ?? []).filter((tag) => !removed.has(tag)), ...added])].filter((tag) => tag !== ''); // prettier-ignore
  if (tags.length > mostTags) {
    throw new LabError('description/too-many-tags', 'There are too many tags.', {
      expected: `at most ${mostTags}`,
      got: String(tags.length),
    });
  }
  const archived = change.archived ?? before.archived ?? false;
  return {
    ...(name !== '' && { name }),
    ...(notes !== '' && { notes }),
    ...(tags.length > 0 && { tags }),
    ...(archived && { archived }),
  };
}

function withinLength(what: string, text: string, most: number): string {
  if (text.length <= most) return text;
  throw new LabError('description/too-long', `The ${what} is too long.`, {
    expected: `at most ${most} characters`,
    got: `${text.length} characters`,
  });
}
