// Times work while other programs leave the processors alone: work that they disturbed is repeated.
import type { BenchHome } from './benchReport.ts';

/** What others may take of one processor while work counts as undisturbed, and the least that shows. */
const OTHERS_SHARE = 0.06;
const LEAST_MS = 20;
const MOST_TRIES = 60;
const PAUSE_MS = 250;

export interface QuietTime {
  readonly elapsedMs: number;
  /** Whether other programs took part of the processors in every try. */
  readonly disturbed: boolean;
}

/**
 * Does `work`, which returns its milliseconds, until others have left the processors alone meanwhile, at most sixty times. Once where
 * `others` is absent or cannot tell.
 */
export async function quietTime(work: () => Promise<number>, others: BenchHome['othersMs']): Promise<QuietTime> {
  for (let tries = 1; ; tries++) {
    const [before, startedAtMs] = [(await others?.()) ?? null, performance.now()];
    const elapsedMs = await work();
    const wallMs = performance.now() - startedAtMs;
    const after = (await others?.()) ?? null;
    if (before === null || after === null) return { elapsedMs, disturbed: false };
    const disturbed = after - before > Math.max(LEAST_MS, OTHERS_SHARE * wallMs);
    if (!disturbed || tries === MOST_TRIES) return { elapsedMs, disturbed };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** What a table says of the work that was disturbed in every try. */
export function disturbedNote({ othersMs }: Pick<BenchHome, 'othersMs'>, disturbances: number): readonly string[] {
  if (othersMs === undefined) return [];
  return [`Measured again where other programs used the processors; ${disturbances} times they did so in every try.`];
}
