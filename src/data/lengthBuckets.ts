// The short list of lengths that sequences are padded to, so that few tensor shapes and buffer sizes exist.
import { LabError } from '../util/labError.ts';

/** Largest is the largest `maxPieces` a configuration may ask for. */
export const LENGTH_BUCKETS: readonly number[] = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024];

/** The smallest bucket that holds `length` positions. Throws `data/length` above the largest. */
export function lengthBucket(length: number): number {
  const bucket = LENGTH_BUCKETS.find((candidate) => candidate >= length);
  if (bucket === undefined) {
    throw new LabError('data/length', 'A sequence is longer than the longest the lab handles.', {
      expected: `at most ${LENGTH_BUCKETS.at(-1)}`,
      got: String(length),
    });
  }
  return bucket;
}
