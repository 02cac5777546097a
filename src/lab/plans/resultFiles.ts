// Reads result files, also those that shared pages carry: their seal, their version and every member.
import { resultFileSchema, upgradeResultFile, type ResultFile } from '../../schema/resultFile.ts';
import { fingerprint } from '../../util/digest.ts';
import { isPageWithResult, resultInPage } from '../../util/html.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson, validate } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';

type Members = Readonly<Record<string, unknown>>;

const currentVersion = 2;

/** Migrates a file of version n to version n + 1 and reseals it, by n. A later version adds its step here and never edits an older one. */
const migrations: Readonly<Record<number, (file: unknown) => unknown>> = { 1: upgradeResultFile };

/**
 * Parses a result file, or the one that a shared page carries. Throws LabError
 * `result/foreign` (not a result file), `result/newer` (from a later version of the lab),
 * `result/changed` (checksum mismatch: edited or damaged) or `result/invalid` (naming the invalid member).
 */
export function parseResultFile(text: string): ResultFile {
  const members = parseMembers(isPageWithResult(text) ? resultOfPage(text) : text);
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
  return resultFileOf(migrate(members, version));
}

function resultOfPage(page: string): string {
  const text = resultInPage(page);
  if (text !== null) return text;
  throw new LabError('result/foreign', 'This page does not contain its result any more.', {
    expected: 'a shared page as the lab wrote it',
    got: 'a page without its data',
  });
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

function resultFileOf(json: unknown): ResultFile {
  const parsed = validate(resultFileSchema, json);
  if (parsed.isFit) return parsed.data;
  const { path, message } = parsed.fault;
  throw new LabError('result/invalid', `The result file is not valid at ${path || 'the top level'}: ${message}.`);
}
