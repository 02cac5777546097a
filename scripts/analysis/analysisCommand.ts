// Runs a command that prints JSON: one object on standard output, everything else on standard error.
import { LabError } from '../../src/util/labError.ts';

export interface AnalysisAnswer {
  readonly json: unknown;
  /** Lines for standard error. */
  readonly remarks: readonly string[];
}

export interface CommandOutcome {
  /** 0, or 2 for a wrong command or input. */
  readonly exitCode: 0 | 2;
  readonly output: string;
  readonly errors: string;
}

/** `answer` throws LabError for what the user can fix, with code `analysis/usage` if the usage text helps. */
export async function analysisCommand(
  args: readonly string[],
  usage: string,
  answer: (args: readonly string[]) => Promise<AnalysisAnswer>,
): Promise<CommandOutcome> {
  if (args.includes('--help') || args.includes('-h')) return { exitCode: 0, output: '', errors: usage };
  try {
    const { json, remarks } = await answer(args);
    const errors = remarks.map((remark) => `${remark}\n`).join('');
    return { exitCode: 0, output: `${JSON.stringify(json, null, 2)}\n`, errors };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const told = `${LabError.describe(LabError.toData(error))}\n`;
    return { exitCode: 2, output: '', errors: error.code === 'analysis/usage' ? `${told}\n${usage}` : told };
  }
}

/** Parses the command's own arguments and options; errors of `parseArgs` become LabError `analysis/usage`. */
export function readOptions<Values>(parse: () => { readonly values: Values }): Values {
  try {
    return parse().values;
  } catch (cause) {
    throw usageError(cause instanceof Error ? cause.message : String(cause));
  }
}

export function usageError(message: string, details: { expected?: string; got?: string } = {}): LabError {
  return new LabError('analysis/usage', message, details);
}

/** Percent to two digits, or null. */
export function percent(fraction: number | null): number | null {
  return fraction === null ? null : Number((100 * fraction).toFixed(2));
}
