// Parses the command line of headless.
import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { machineSettingsSchema, type MachineSettings } from '../src/schema/machineSettings.ts';
import { LabError } from '../src/util/labError.ts';
import * as z from '../src/util/zod.ts';
import type { BackendChoice } from '../src/wire/trainingProtocol.ts';
import { exitCodesText, type MachinePart } from './commandEnd.ts';

export interface HeadlessArguments {
  readonly planFile: string;
  /** Parent folders: `<corpora>/<name>/*.tsv`, `<models>/<name>/*`. Null: only the built-in ones. */
  readonly corporaFolder: string | null;
  readonly modelsFolder: string | null;
  /** A repository of the hub to take the plan's model from instead. */
  readonly modelFrom: { readonly repository: string; readonly revision: string } | null;
  readonly outFolder: string;
  /** Whether to export the selected snapshot of each finished run as a model folder. */
  readonly exportModels: boolean;
  readonly backend: BackendChoice;
  /** The machine settings given on the command line. */
  readonly machine: Partial<MachineSettings>;
  readonly part: MachinePart;
  /** The runs to train, each in its own folder; empty: all, in one store. */
  readonly runs: readonly string[];
  /** Further folders of results that may have the runs to start from. */
  readonly parentFolders: readonly string[];
  /** Where the result of these runs goes besides their folders. */
  readonly resultFile: string | null;
  /** Runs trained beside one another, in as many processes. */
  readonly jobs: number;
  readonly snapshots: 'all' | 'selected' | 'none';
  readonly json: boolean;
}

const options = `  --corpora DIR   the plan's corpora, a folder each: DIR/<name>/train.tsv, devel.tsv, test.tsv
  --models DIR    the plan's model: DIR/<name>/ with the files of any XLNet or BERT that the page supports
                  (built-in corpora and models need neither)
  --model-from REPOSITORY[@REVISION]
                  downloads the model from Hugging Face instead, or from the hub at --hub ADDRESS; downloads are resumable
  --out DIR       the results, with checkpoints in DIR/store; run the same command again to resume
  --run ID        trains this run alone, in DIR/runs/ID, from the weights of the run that it starts from; repeat it for several
  --from DIR      another folder of results that may have the run to start from
  --result FILE   also writes the result of the named runs to one file
  --jobs N        trains N runs beside one another, each in DIR/runs/ID and in its own process, and merges their results
  --snapshots all|selected|none
                  what stays of the weights of a finished run, besides what other runs of the plan start from (all)
  --backend NAME  webgpu, wasm or cpu; default: WebGPU on a hardware GPU, else wasm
  --adapter NAME  part of the name of the graphics card to use
  --gpu-memory GIB, --activations NAME, --precision NAME
                  as in the page's GPU settings; precision is f32 or mixed, by default mixed on graphics cards that
                  pass the self-test in it; saved in DIR/store
  --threads N     threads of the engine on the processor; default: one for each logical processor, at most 16; saved in DIR/store
  --multiply-adds fused|twice
                  how they round on the processor: once, as in current browsers (default), or twice, as in those without; saved in DIR/store
  --export-models  exports the selected snapshot of each finished run as a folder DIR/models/<run>-<id> for Hugging Face
                  transformers and the page
  --json          JSON lines on standard output, text on standard error
`;

const synopsis = `PLAN.json --out DIR [--corpora DIR] [--models DIR] [--backend webgpu|wasm|cpu]
       [--run ID ...] [--jobs N] [--model-from REPOSITORY[@REVISION]] [--hub ADDRESS] [--threads N] [--adapter NAME]
       [--gpu-memory GIB] [--activations auto|kept|recomputed] [--precision f32|mixed] [--multiply-adds fused|twice]
       [--snapshots all|selected|none] [--export-models] [--json]`;

const remarks = `One process at a time may use a store. What is damaged in DIR/store is imported or trained again, and reported.
Ctrl-C, SIGTERM and SIGUSR1 pause with a checkpoint. ${exitCodesText}`;

export const headlessUsage = `Usage: npm run headless -- ${synopsis}

Trains a plan exported from the page and writes DIR/<plan name>.result.json, which the page can import.
${options}${remarks}`;

export const trainUsage = `Usage: bioner train ${synopsis}
       bioner train DIR/runs/ID

Trains the runs of a plan, or resumes the run of a folder, which may come from another machine.
${options}${remarks}`;

const backends = ['auto', 'webgpu', 'wasm', 'cpu'] as const;

/** Parses the arguments and makes paths absolute. Throws LabError `headless/usage`. */
export function headlessArguments(args: readonly string[]): HeadlessArguments {
  const { values, positionals } = parse(args);
  const [planFile, ...rest] = positionals;
  if (planFile === undefined || rest.length > 0) {
    throw usageError(
      'Give exactly one plan file.',
      'one file',
      positionals.length === 0 ? 'none' : positionals.join(' '),
    );
  }
  const isFolder = isRunFolder(planFile);
  if (values.out === undefined && !isFolder) throw usageError('Give a folder for the results.', '--out DIR', 'none');
  const backend = backends.find((name) => name === (values.backend ?? 'auto'));
  if (backend === undefined) throw usageError('No such backend.', 'webgpu, wasm or cpu', values.backend ?? '');
  const machine = machineFrom(values);
  return {
    planFile: path.resolve(planFile),
    corporaFolder: values.corpora === undefined ? null : path.resolve(values.corpora),
    modelsFolder: values.models === undefined ? null : path.resolve(values.models),
    modelFrom: modelFrom(values['model-from']),
    outFolder: path.resolve(values.out ?? planFile),
    exportModels: values['export-models'] ?? false,
    backend,
    machine,
    ...processesFrom(values, machine.threads ?? null),
  };
}

/** Whether the argument is the folder of a run rather than a plan. */
export function isRunFolder(location: string): boolean {
  return statSync(location, { throwIfNoEntry: false })?.isDirectory() === true;
}

function processesFrom(values: ReturnType<typeof parse>['values'], threads: number | null) {
  const { run: runs = [], from = [], result, adapter = null, snapshots: wanted = 'all', json = false } = values;
  const snapshots = (['all', 'selected', 'none'] as const).find((name) => name === wanted);
  if (snapshots === undefined) throw usageError('Unknown snapshots to keep.', 'all, selected or none', wanted);
  const jobs = wholeNumber('jobs', values.jobs, 1, 1);
  if (jobs > 1 && runs.length > 0) throw usageError('--jobs trains all runs of a plan.', '--jobs or --run', 'both');
  if (result !== undefined && runs.length === 0) throw usageError('--result is for named runs.', '--run ID', 'none');
  return {
    runs,
    parentFolders: from.map((folder) => path.resolve(folder)),
    resultFile: result === undefined ? null : path.resolve(result),
    jobs,
    snapshots,
    json,
    part: { threads, adapter },
  };
}

/** The whole number of an option, within bounds; `usual` without the option. Throws LabError `headless/usage`. */
export function wholeNumber<Usual>(
  option: string,
  text: string | undefined,
  usual: Usual,
  least: number,
  most = Infinity,
): number | Usual {
  if (text === undefined) return usual;
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const range = most === Infinity ? `a whole number from ${least}` : `${least} to ${most}`;
  throw usageError(`--${option} needs a number.`, range, text);
}

/** The only argument beside options. Throws LabError `headless/usage` for none and for several. */
export function oneArgument(positionals: readonly string[], message: string, expected: string): string {
  const [only, ...rest] = positionals;
  if (only !== undefined && rest.length === 0) return only;
  throw usageError(message, expected, positionals.join(' ') || 'none');
}

/** Options of commands that use the device. */
export const machineOptions = {
  backend: { type: 'string' },
  threads: { type: 'string' },
  adapter: { type: 'string' },
} as const;

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** Parses the arguments of a command. Throws LabError `headless/usage` for one that it does not have. */
export function parsedOptions<Own extends Options>(args: readonly string[], options: Own) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (cause) {
    throw new LabError('headless/usage', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function parse(args: readonly string[]) {
  return parsedOptions(args, {
    corpora: { type: 'string' },
    models: { type: 'string' },
    'model-from': { type: 'string' },
    hub: { type: 'string' },
    out: { type: 'string' },
    backend: { type: 'string' },
    'gpu-memory': { type: 'string' },
    activations: { type: 'string' },
    precision: { type: 'string' },
    'export-models': { type: 'boolean' },
    run: { type: 'string', multiple: true },
    from: { type: 'string', multiple: true },
    result: { type: 'string' },
    jobs: { type: 'string' },
    snapshots: { type: 'string' },
    threads: { type: 'string' },
    'multiply-adds': { type: 'string' },
    adapter: { type: 'string' },
    json: { type: 'boolean' },
  });
}

/** Parses `owner/name@revision`; the revision defaults to main. */
function modelFrom(text: string | undefined): HeadlessArguments['modelFrom'] {
  if (text === undefined) return null;
  const [, repository = text, revision = 'main'] = /^([^@]*)@(.*)$/.exec(text) ?? [];
  return { repository, revision };
}

function machineFrom(values: ReturnType<typeof parse>['values']): Partial<MachineSettings> {
  const gibibytes = values['gpu-memory'];
  const { precision, activations, hub, threads, 'multiply-adds': multiplyAdds } = values;
  const read = z.partial(z.omit(machineSettingsSchema, { version: true })).safeParse({
    ...(gibibytes === undefined ? {} : { gpuBytes: Math.round(Number(gibibytes) * 2 ** 30) }),
    ...(precision === undefined ? {} : { precision }),
    ...(activations === undefined ? {} : { activations }),
    ...(threads === undefined ? {} : { threads: threads.trim() === '' ? Number.NaN : Number(threads) }),
    ...(multiplyAdds === undefined ? {} : { multiplyAdds }),
    ...(hub === undefined ? {} : { hub: hub.replace(/\/+$/, '') }),
  });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw usageError('Invalid machine settings.', issue?.message ?? '', [gibibytes, precision, activations, threads, multiplyAdds].join(' ').trim()); // prettier-ignore
  }
  return read.data as Partial<MachineSettings>;
}

export function usageError(message: string, expected: string, got: string): LabError {
  return new LabError('headless/usage', message, { expected, got });
}
