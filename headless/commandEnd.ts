// Declares what a command runs in, how it begins and how it ends: its streams, help, JSON lines, interrupt, training server and exit codes.
import { fileError } from '../src/storage/fileSystem.ts';
import type { Store } from '../src/storage/store.ts';
import { LabError, type LabErrorData } from '../src/util/labError.ts';
import type { ServerClient } from '../src/wire/trainingProtocol.ts';
import { EventLines } from './eventLines.ts';
import type { TextOutput } from './progressReport.ts';

/** What a scheduler decides by: 75 is EX_TEMPFAIL of sysexits, 130 what shells give for Ctrl-C. */
export const exitCodes = { done: 0, failed: 1, wrongInput: 2, noRoom: 3, submitAgain: 75, paused: 130 } as const;

export const exitCodesText = `Exit codes: 0 done, 1 a run or the command failed, 2 wrong command or input, 3 no room on the disk, 75 interrupted by SIGTERM or
SIGUSR1 with a resume point (submit the same command again), 130 paused by Ctrl-C.
`;

/** The part of the machine that a command may use. */
export interface MachinePart {
  /** Threads of the processor; null for all. */
  readonly threads: number | null;
  /** Part of the name of the graphics adapter; null for the one that the system prefers. */
  readonly adapter: string | null;
}

export interface CommandSurroundings {
  readonly output: TextOutput;
  readonly errors: TextOutput;
  /** Aborted with the name of the signal as its reason; the active run is paused with a resume point. */
  readonly interrupt: AbortSignal;
  /** Starts a training server on a store. */
  readonly openServer: (store: Store, part: MachinePart) => ServerClient;
  /** Runs `bioner` with these arguments in another process and gives its exit code; each line it prints is passed on. */
  readonly spawn?: (args: readonly string[], lines: ChildLines, interrupt: AbortSignal) => Promise<number>;
}

export interface ChildLines {
  readonly output: (line: string) => void;
  readonly errors: (line: string) => void;
}

/** Runs with the arguments behind its name; the exit code, after reporting every error. */
export type Command = (args: readonly string[], surroundings: CommandSurroundings) => Promise<number>;

/**
 * Declares a command that tells programs what happens: with `--json`, `lines` go to the output and text for people to the errors. `--help`
 * prints `usage`, which is also shown below an error with code `headless/usage`.
 */
export function command(
  usage: string,
  work: (args: readonly string[], surroundings: CommandSurroundings, lines: EventLines) => Promise<number>,
): Command {
  return (args, surroundings) => {
    const lines = new EventLines(args.includes('--json') ? surroundings.output : null);
    const around = lines.areWanted ? { ...surroundings, output: surroundings.errors } : surroundings;
    const asked = (): Promise<number> => orHelp(args, surroundings, usage, () => work(args, around, lines));
    return endOf(asked, surroundings, usage, (data) => lines.error(data));
  };
}

/** Declares a command whose output is one answer. */
export function answeringCommand(usage: string, work: Command): Command {
  return (args, surroundings) =>
    endOf(() => orHelp(args, surroundings, usage, () => work(args, surroundings)), surroundings, usage);
}

/** Prints `usage` where the arguments ask for help; else does the work. */
export function orHelp(
  args: readonly string[],
  { output }: Pick<CommandSurroundings, 'output'>,
  usage: string,
  work: () => Promise<number>,
): Promise<number> {
  if (!args.includes('--help') && !args.includes('-h')) return work();
  output.write(usage);
  return Promise.resolve(exitCodes.done);
}

/** The exit code of a command whose work was paused: a scheduler submits it again, a person decides. */
export function interruptedCode({ reason }: AbortSignal): number {
  return reason === 'SIGTERM' || reason === 'SIGUSR1' ? exitCodes.submitAgain : exitCodes.paused;
}

/** Runs a command, reports what it throws, and returns its exit code. `usage` is shown below an error with code `headless/usage`. */
export async function endOf(
  work: () => Promise<number>,
  { errors }: Pick<CommandSurroundings, 'errors'>,
  usage: string,
  onError?: (data: LabErrorData) => void,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const data = LabError.toData(fileError(namedFileOf(error), 0, error));
    onError?.(data);
    errors.write(`${LabError.describe(data)}\n`);
    if (data.code === 'headless/usage') errors.write(`\n${usage}`);
    return exitCodeOf(data);
  }
}

function exitCodeOf({ code }: LabErrorData): number {
  if (code === 'storage/full') return exitCodes.noRoom;
  return /^(headless|plan|dictionary|analysis|merge|metrics|conlleval)\//.test(code)
    ? exitCodes.wrongInput
    : exitCodes.failed;
}

/** The file that an error of Node is about. */
function namedFileOf(error: unknown): string {
  return error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : 'a file';
}
