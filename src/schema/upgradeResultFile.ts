// Result files of version 1, brought to version 2.
import { fingerprint } from '../util/fingerprint.ts';
import { upgradePlanFile } from './upgradePlanFile.ts';
import { upgradeRunRecord } from './upgradeRunRecord.ts';

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
