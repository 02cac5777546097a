// Seals result files with a checksum when writing, validates them when reading, and imports those from elsewhere.
import { resultFileSchema, upgradeResultFile, type ResultFile } from '../../schema/resultFile.ts';
import { listResults, readResult, removeResult, removeTornResults } from '../../storage/resultRecords.ts';
import type { Store } from '../../storage/store.ts';
import { fingerprint } from '../../util/digest.ts';
import { isPageWithResult, resultInPage } from '../../util/html.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson, validate } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';
import { withoutItem, type LabStore } from '../state/labStore.ts';

type Members = Readonly<Record<string, unknown>>;

const currentVersion = 2;

/** Migrates a file of version n to version n + 1 and reseals it, by n. A later version adds its step here and never edits an older one. */
const migrations: Readonly<Record<number, (file: unknown) => unknown>> = { 1: upgradeResultFile };

/** Adds the checksum: SHA-256 over the canonical JSON of all other members. */
export function sealResultFile(members: Omit<ResultFile, 'checksum'>): ResultFile {
  return { ...members, checksum: fingerprint(members) };
}

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

/** Returns the id under which a result file is stored: the start of its checksum. */
export function resultIdOf({ checksum }: ResultFile): string {
  return checksum.slice(0, 16);
}

/** The imported result files. */
export interface Results {
  /** Shows a stored result file and returns its id. Rejects with `storage/corrupt` or `storage/missing` if it cannot be read. */
  show(fileName: string, id: string): Promise<string>;
  /** Shows what a reading stored before it was cancelled or failed, and removes what it did not store as a whole. */
  showStored(): Promise<void>;
  remove(resultId: string): Promise<void>;
}

export function createResults({ store, labStore }: { readonly store: Store; readonly labStore: LabStore }): Results {
  return {
    async show(fileName, id) {
      const existing = labStore.getState().results.find((result) => result.id === id);
      if (existing !== undefined) {
        labStore.notify('info', `The result file ${fileName} was already imported as ${existing.fileName}.`);
        return id;
      }
      const result = await readResult(store, id);
      if (result === undefined)
        throw new LabError('storage/missing', `The result file ${fileName} is no longer stored.`);
      labStore.update(({ results, unreadable }) => ({
        results: [...results, result],
        unreadable: withoutItem(unreadable, 'result', id),
      }));
      return id;
    },
    async showStored() {
      await removeTornResults(store);
      const { records } = await listResults(store);
      labStore.update(({ results }) => {
        const added = records.filter(({ id }) => !results.some((result) => result.id === id));
        return { results: [...results, ...added] };
      });
    },
    async remove(resultId) {
      const { results } = labStore.getState();
      if (!results.some(({ id }) => id === resultId)) {
        throw new LabError('result/unknown', 'There is no such imported result.', { got: resultId });
      }
      await removeResult(store, resultId);
      labStore.update((state) => ({ results: state.results.filter(({ id }) => id !== resultId) }));
    },
  };
}
