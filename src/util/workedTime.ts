// A clock of the time worked: what the machine slept through is left out, and it never goes back.

/** Some systems count sleep as time and others do not, so a gap between two looks is all there is to tell it by. */
const LEAST_SLEEP_MS = 180_000;
/** Of the mean gap: on a slow machine whole minutes between two looks are work. */
const LONGEST_GAPS = 5;

/**
 * The milliseconds worked since the clock was made, at each look; to be looked at after every piece of work. A gap of `clockMs` counts up to
 * three minutes, or five times the mean gap where that is more; the rest of it was sleep.
 */
export function createWorkedTime(clockMs: () => number = () => performance.now()): () => number {
  let lookedAtMs = clockMs();
  let workedMs = 0;
  let looks = 0;
  return () => {
    const atMs = clockMs();
    const gapMs = Math.max(0, atMs - lookedAtMs);
    lookedAtMs = atMs;
    const longestMs = looks === 0 ? 0 : (LONGEST_GAPS * workedMs) / looks;
    workedMs += Math.min(gapMs, Math.max(LEAST_SLEEP_MS, longestMs));
    looks++;
    return workedMs;
  };
}
