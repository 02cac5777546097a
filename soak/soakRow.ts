// A line of the table that a soak ends with: what was done to the lab, how often, and what was lost by it.
export interface SoakRow {
  readonly injected: string;
  readonly times: number;
  /** Of these, how often something was lost: nothing, or the soak has failed. */
  readonly lost: number;
}

/** The lines under a head, in columns. */
export function printSoakRows(rows: readonly SoakRow[]): string {
  const head = ['injected', 'how often', 'lost'] as const;
  const cells = [head, ...rows.map(({ injected, times, lost }) => [injected, `${times}`, `${lost}`] as const)];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(([injected, times, lost]) =>
      [injected.padEnd(widths[0] ?? 0), times.padStart(widths[1] ?? 0), lost.padStart(widths[2] ?? 0)].join('  '),
    )
    .join('\n');
}
