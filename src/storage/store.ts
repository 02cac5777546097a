// What every home of the lab's data can do: keep named byte records.

/** Space used and allowed, in bytes; `quotaBytes` is null where the home does not say. */
export interface StoreUsage {
  readonly usedBytes: number;
  readonly quotaBytes: number | null;
}

/**
 * Named byte records. Keys are slash-separated segments of letters, digits, `.`, `_`, `-` (`corpus/3fa9/train`);
 * anything else is refused with LabError `storage/key`. A read gives bytes the caller owns.
 */
export interface Store {
  /** The record's bytes, or undefined when there is none. */
  read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes or replaces one record. Throws LabError `storage/full` when the home has no room, leaving the old record. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes records; names that do not exist are no error. */
  remove(keys: readonly string[]): Promise<void>;
  /** Every key that starts with `prefix`, sorted. */
  keys(prefix: string): Promise<readonly string[]>;
  usage(): Promise<StoreUsage>;
}
