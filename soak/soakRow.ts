// A row of a soak's final table: what was done to the lab, how often, and what was lost.
export interface SoakRow {
  readonly injected: string;
  readonly times: number;
  /** How often something was lost: if ever, the soak has failed. */
  readonly lost: number;
}

/** Prints the rows under a header, in columns. */
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
