// Parses the command line of headless.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { machineSettingsSchema, type MachineSettings } from '../src/schema/machineSettings.ts';
import { LabError } from '../src/util/labError.ts';
import type { BackendChoice } from '../src/wire/trainingProtocol.ts';

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
}

export const headlessUsage = `Usage: npm run headless -- PLAN.json --out DIR [--corpora DIR] [--models DIR] [--backend webgpu|wasm|cpu]
       [--model-from REPOSITORY[@REVISION]] [--hub ADDRESS]
       [--gpu-memory GIB] [--activations auto|kept|recomputed] [--precision f32|mixed] [--threads N]
       [--export-models]

Trains a plan exported from the page and writes DIR/<plan name>.result.json, which the page can import.
  --corpora DIR   the plan's corpora, a folder each: DIR/<name>/train.tsv, devel.tsv, test.tsv
  --models DIR    the plan's model: DIR/<name>/ with the files of any XLNet or BERT that the page supports
                  (built-in corpora and models need neither)
  --model-from REPOSITORY[@REVISION]
                  downloads the model from Hugging Face instead, or from the hub at --hub ADDRESS; downloads are resumable
  --out DIR       the results, with checkpoints in DIR/store; run the same command again to resume
  --backend NAME  webgpu, wasm or cpu; default: WebGPU on a hardware GPU, else wasm
  --gpu-memory GIB, --activations NAME, --precision NAME
                  as in the page's GPU settings; saved in DIR/store
  --threads N     threads of the engine on the processor; default: one for each logical processor, at most 16; saved in DIR/store
  --export-models  exports the selected snapshot of each finished run as a folder DIR/models/<run>-<id> for Hugging Face
                  transformers and the page
One process at a time may use DIR. What is damaged in DIR/store is imported or trained again, and reported.
Ctrl-C pauses with a checkpoint. Exit codes: 0 all runs finished, 1 a run failed or the disk is full, 2 invalid command or input,
130 paused.
`;

const backends = ['auto', 'webgpu', 'wasm', 'cpu'] as const;

/** Parses the arguments and makes paths absolute; null for --help. Throws LabError `headless/usage`. */
export function headlessArguments(args: readonly string[]): HeadlessArguments | null {
  const { values, positionals } = parse(args);
  if (values.help === true) return null;
  const [planFile, ...rest] = positionals;
  if (planFile === undefined || rest.length > 0) {
    throw usageError(
      'Give exactly one plan file.',
      'one file',
      positionals.length === 0 ? 'none' : positionals.join(' '),
    );
  }
  if (values.out === undefined) throw usageError('Give a folder for the results.', '--out DIR', 'none');
  const backend = backends.find((name) => name === (values.backend ?? 'auto'));
  if (backend === undefined) throw usageError('No such backend.', 'webgpu, wasm or cpu', values.backend ?? '');
  return {
    planFile: path.resolve(planFile),
    corporaFolder: values.corpora === undefined ? null : path.resolve(values.corpora),
    modelsFolder: values.models === undefined ? null : path.resolve(values.models),
    modelFrom: modelFrom(values['model-from']),
    outFolder: path.resolve(values.out),
    exportModels: values['export-models'] ?? false,
    backend,
    machine: machineFrom(values),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        corpora: { type: 'string' },
        models: { type: 'string' },
        'model-from': { type: 'string' },
        hub: { type: 'string' },
        out: { type: 'string' },
        backend: { type: 'string' },
        'gpu-memory': { type: 'string' },
        activations: { type: 'string' },
        precision: { type: 'string' },
        threads: { type: 'string' },
        'export-models': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new LabError('headless/usage', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Parses `owner/name@revision`; the revision defaults to main. */
function modelFrom(text: string | undefined): HeadlessArguments['modelFrom'] {
  if (text === undefined) return null;
  const [, repository = text, revision = 'main'] = /^([^@]*)@(.*)$/.exec(text) ?? [];
  return { repository, revision };
}

function machineFrom(values: ReturnType<typeof parse>['values']): Partial<MachineSettings> {
  const gibibytes = values['gpu-memory'];
  const { precision, activations, hub, threads } = values;
  const read = machineSettingsSchema
    .omit({ version: true })
    .partial()
    .safeParse({
      ...(gibibytes === undefined ? {} : { gpuBytes: Math.round(Number(gibibytes) * 2 ** 30) }),
      ...(precision === undefined ? {} : { precision }),
      ...(activations === undefined ? {} : { activations }),
      ...(threads === undefined ? {} : { threads: threads.trim() === '' ? Number.NaN : Number(threads) }),
      ...(hub === undefined ? {} : { hub: hub.replace(/\/+$/, '') }),
    });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw usageError('Invalid machine settings.', issue?.message ?? '', [gibibytes, precision, activations, threads].join(' ').trim()); // prettier-ignore
  }
  return read.data as Partial<MachineSettings>;
}

function usageError(message: string, expected: string, got: string): LabError {
  return new LabError('headless/usage', message, { expected, got });
}
