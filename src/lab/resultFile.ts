// Result files: sealed with a checksum when written, judged before they are believed when read.
import { fingerprint } from '../util/fingerprint.ts';
import { judge } from '../util/judge.ts';
import { LabError } from '../util/labError.ts';
import { parseJson } from '../util/parseJson.ts';
import { spellValue } from '../util/spellValue.ts';
import { resultFileSchema, type ResultFile } from '../schema/resultFile.ts';
import { upgradeResultFile } from '../schema/upgradeResultFile.ts';

type Members = Readonly<Record<string, unknown>>;

const currentVersion = 2;

/** Brings the file of version n to version n + 1, sealed anew, by n. A later version adds its step here and never edits an older one. */
const migrations: Readonly<Record<number, (file: unknown) => unknown>> = { 1: upgradeResultFile };

/** The file with its checksum: SHA-256 over the canonical JSON of all other members. */
export function sealResultFile(members: Omit<ResultFile, 'checksum'>): ResultFile {
  return { ...members, checksum: fingerprint(members) };
}

/**
 * The result in a file's text. Throws LabError
 * `result/foreign` (not a result file), `result/newer` (of a later version of the lab),
 * `result/changed` (the checksum does not fit: edited or damaged) or `result/invalid` (a member is wrong, named).
 */
export function parseResultFile(text: string): ResultFile {
  const members = parseMembers(text);
  const { version } = members;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    throw new LabError('result/invalid', 'The result file has no version.', {
      expected: `1 to ${currentVersion}`,
      got: spellValue(version),
    });
  }
  if (version > currentVersion) {
    throw new LabError('result/newer', 'This result file was written by a later version of the lab.', {
      expected: `version ${currentVersion} or earlier`,
      got: `version ${version}`,
    });
  }
  checkSeal(members);
  return validate(migrate(members, version));
}

function parseMembers(text: string): Members {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('result/foreign', 'This file is not JSON.', { expected: 'a result file', got, cause });
  }
  const format = (json as { format?: unknown } | null)?.format;
  if (format !== 'bioner-lab-result') {
    throw new LabError('result/foreign', 'This is not a result file.', {
      expected: 'format bioner-lab-result',
      got: `format ${spellValue(format)}`,
    });
  }
  return json as Members;
}

function checkSeal(members: Members): void {
  const { checksum, ...others } = members;
  const found = fingerprint(others);
  if (found === checksum) return;
  throw new LabError('result/changed', 'The result file was changed after it was written.', {
    expected: `checksum ${typeof checksum === 'string' ? checksum.slice(0, 16) : spellValue(checksum)}`,
    got: `checksum ${found.slice(0, 16)}`,
  });
}

function migrate(members: Members, version: number): unknown {
  let migrated: unknown = members;
  for (let from = version; from < currentVersion; from++) migrated = migrations[from]?.(migrated);
  return migrated;
}

function validate(json: unknown): ResultFile {
  const parsed = judge(resultFileSchema, json);
  if (parsed.isFit) return parsed.data;
  const { place, message } = parsed.fault;
  throw new LabError('result/invalid', `The result file is not valid at ${place || 'its top'}: ${message}.`);
}
