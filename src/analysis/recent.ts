// The last few results of a costly computation, found again by what was asked.
import { canonicalJson } from '../util/digest.ts';

export interface Recent<Query, Result> {
  /** The result for this query, made unless it is among those kept. One that fails is not kept. */
  of(query: Query, make: () => Promise<Result>): Promise<Result>;
}

export function recent<Query, Result>(entries: number): Recent<Query, Result> {
  /** Longest unused first. */
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
