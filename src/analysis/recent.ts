// Caches the last few results of a costly computation by query.
import { canonicalJson } from '../util/digest.ts';

export interface Recent<Query, Result> {
  /** Returns the cached result for this query, or makes it. Failures are not cached. */
  of(query: Query, make: () => Promise<Result>): Promise<Result>;
}

export function recent<Query, Result>(entries: number): Recent<Query, Result> {
  /** Least recently used first. */
  const results = new Map<string, Result>();
  return {
    async of(query, make) {
      const key = canonicalJson(query);
      const known = results.get(key);
      results.delete(key);
      const result = known ?? (await make());
      results.set(key, result);
      for (const oldest of results.keys()) {
        if (results.size <= entries) break;
        results.delete(oldest);
      }
      return result;
    },
  };
}
