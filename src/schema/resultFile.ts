// The JSON people share: runs of plans with everything needed to read, check and compare them.
import { z } from 'zod';
import { fingerprint } from '../util/digest.ts';
import { modelRecordSchema } from './modelRecord.ts';
import { planFileSchema, upgradePlanFile } from './planFile.ts';
import { runRecordSchema, upgradeRunRecord } from './runRecord.ts';

/** Version 1 is brought to this one by upgradeResultFile.ts, once its seal was looked at. */
export const resultFileSchema = z.strictObject({
  format: z.literal('bioner-lab-result'),
  version: z.literal(2),
  software: z.string(),
  exportedAt: z.iso.datetime(),
  plan: planFileSchema,
  models: z.array(modelRecordSchema),
  runs: z.array(runRecordSchema),
  /** SHA-256 of the canonical JSON of all other members as they were written: a changed file is refused. */
  checksum: z.string(),
});
export type ResultFile = z.infer<typeof resultFileSchema>;

/**
 * The same runs and plan in the form of version 2, sealed anew: whoever wants to know whether the file was changed looks at the old seal
 * before. Anything but a version 1 file is answered as it came, for the schema to judge.
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
  /** Files of earlier versions were stored as they were then. */
  file: z.preprocess(upgradeResultFile, resultFileSchema),
});
/** What the lab keeps of a result file that came from elsewhere. */
export type ResultRecord = z.infer<typeof resultRecordSchema>;
