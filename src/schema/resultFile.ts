// The JSON file users share: runs of plans with everything needed to read, check and compare them.
import * as z from '../util/zod.ts';
import { fingerprint } from '../util/digest.ts';
import { descriptionsSchema } from './descriptions.ts';
import { modelRecordSchema } from './modelRecord.ts';
import { planFileSchema, upgradePlanFile } from './planFile.ts';
import { lineageFault } from './runLineage.ts';
import { runRecordSchema, upgradeRunRecord } from './runRecord.ts';

/** Version 1 files are upgraded by `upgradeResultFile` after their checksum has been verified. */
export const resultFileSchema = z
  .strictObject({
    format: z.literal('bioner-lab-result'),
    version: z.literal(2),
    /** The version of the lab that wrote it. */
    software: z.string(),
    exportedAt: z.iso.datetime(),
    /** What the runs were trained for. */
    plan: planFileSchema,
    /** The pretrained models of the runs, without their weights. */
    models: z.array(modelRecordSchema),
    /** Each with its history and scores. */
    runs: z.array(runRecordSchema),
    /** What people wrote about the runs and their experiments; absent if nothing, and in files of earlier versions. */
    descriptions: z.optional(descriptionsSchema),
    /** SHA-256 of the canonical JSON of all other members as written: an altered file is refused. */
    checksum: z.string(),
  })
  .check(
    z.superRefine(({ runs }, context) => {
      const fault = lineageFault(runs.map(({ spec }) => spec));
      if (fault === null) return;
      const { index, member, message } = fault;
      context.addIssue({ code: 'custom', path: ['runs', index, 'spec', member], message });
    }),
  );
export type ResultFile = z.infer<typeof resultFileSchema>;

/**
 * Converts a version 1 file to version 2, with a new checksum: to detect alterations, verify the old one first. Returns anything else unchanged, for
 * the schema to validate.
 */
export function upgradeResultFile(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { checksum: _outdated, ...members } = value as Readonly<Record<string, unknown>>;
  if (members['format'] !== 'bioner-lab-result' || members['version'] !== 1) return value;
  const { plan, runs } = members;
  const upgraded = {
    ...members,
    version: 2,
    plan: upgradePlanFile(plan),
    runs: Array.isArray(runs) ? runs.map(upgradeRunRecord) : runs,
  };
  return { ...upgraded, checksum: fingerprint(upgraded) };
}

export const resultRecordSchema = z.strictObject({
  id: z.string(),
  fileName: z.string(),
  /** Files of earlier versions are stored in their original form. Without its runs where these are stored apart. */
  file: z.pipe(z.transform(upgradeResultFile), resultFileSchema),
  /** Number of records with the runs of the file; absent where the file above has them, as in earlier versions of the lab. */
  parts: z.optional(z.int().check(z.gte(0))),
});
/** What the lab stores of an imported result file. */
export type ResultRecord = z.infer<typeof resultRecordSchema>;

/** Some of the runs of a stored result file. */
export const resultPartSchema = z.array(runRecordSchema);

/** Adds the checksum: SHA-256 over the canonical JSON of all other members. */
export function sealResultFile(members: Omit<ResultFile, 'checksum'>): ResultFile {
  return { ...members, checksum: fingerprint(members) };
}

/** Returns the id under which a result file is stored: the start of its checksum. */
export function resultIdOf({ checksum }: ResultFile): string {
  return checksum.slice(0, 16);
}
