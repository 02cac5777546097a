// Wall-clock times that keep the order of what happened when the clock of the machine is set back.

/** The time `now`, or `earlier` where that is later; both ISO 8601. */
export function notBefore(now: string, earlier: string): string {
  return Date.parse(now) < Date.parse(earlier) ? earlier : now;
}

/** The time `now`, or one millisecond after the latest of `earlier` where that is not before it; all ISO 8601. */
export function laterThan(now: string, earlier: readonly string[]): string {
  const latest = earlier.reduce((last, time) => Math.max(last, Date.parse(time)), -Infinity);
  return latest < Date.parse(now) ? now : new Date(latest + 1).toISOString();
}
