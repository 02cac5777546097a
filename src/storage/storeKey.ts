// What a key of a store may look like, in the one place where keys are judged.
import { LabError } from '../util/labError.ts';

const segment = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Whether a text may stand between two slashes of a key. */
export function isKeySegment(text: string): boolean {
  return segment.test(text);
}

/** Throws LabError `storage/key` for a key that no home takes. */
export function assertStoreKey(key: string): void {
  if (!key.split('/').every(isKeySegment)) refuse(key, 'a/b/c');
}

/** Throws LabError `storage/key` for a prefix that no key could have: whole segments, then the start of one, or nothing. */
export function assertStoreKeyPrefix(prefix: string): void {
  const segments = prefix.split('/');
  const last = segments.pop() ?? '';
  if (!segments.every(isKeySegment) || !/^[A-Za-z0-9._-]*$/.test(last)) refuse(prefix, 'a/b/ or a/b');
}

function refuse(key: string, example: string): never {
  throw new LabError('storage/key', 'A record cannot be stored under this name.', {
    expected: `segments of letters, digits, ".", "_" and "-", joined by "/", like ${example}`,
    got: JSON.stringify(key),
  });
}
