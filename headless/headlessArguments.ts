// The command line of headless, parsed.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { machineSettingsSchema, type MachineSettings } from '../src/schema/machineSettings.ts';
import { LabError } from '../src/util/labError.ts';
import type { BackendChoice } from '../src/wire/trainingProtocol.ts';

export interface HeadlessArguments {
  readonly planFile: string;
  /** Folders of folders: `<corpora>/<name>/*.tsv`, `<models>/<name>/*`. Null: only what comes with the lab. */
  readonly corporaFolder: string | null;
  readonly modelsFolder: string | null;
  /** A repository of the hub that the plan's model comes from instead. */
  readonly modelFrom: { readonly repository: string; readonly revision: string } | null;
  readonly outFolder: string;
  /** Whether the selected snapshot of each finished run is written as a model's folder. */
  readonly exportModels: boolean;
  readonly backend: BackendChoice;
  /** How the GPU is to be used, as far as it was said. */
  readonly machine: Partial<MachineSettings>;
}

export const headlessUsage = `Usage: npm run headless -- PLAN.json --out DIR [--corpora DIR] [--models DIR] [--backend webgpu|wasm|cpu]
       [--model-from REPOSITORY[@REVISION]] [--hub ADDRESS]
       [--gpu-memory GIB] [--activations auto|kept|recomputed] [--precision f32|mixed]
       [--export-models]

Trains the plan that the page exported and writes DIR/<plan name>.result.json, which the page opens.
  --corpora DIR   the corpora of the plan: a folder each, DIR/<name>/train.tsv, devel.tsv, test.tsv
  --models DIR    its model: DIR/<name>/ with the files of any XLNet or BERT that the page takes
                  (corpora and models that come with the lab are found without)
  --model-from REPOSITORY[@REVISION]
                  takes the model from Hugging Face instead, or from the hub at --hub ADDRESS; a download goes on where it was
  --out DIR       results, and in DIR/store the checkpoints; the same command again goes on from them
  --backend NAME  webgpu, wasm or cpu; without it WebGPU on a graphics card, else wasm
  --gpu-memory GIB, --activations NAME, --precision NAME
                  as in the page's settings of the GPU; kept in DIR/store
  --export-models  of each finished run the selected snapshot, as a folder DIR/models/<run>-<id> that Hugging Face
                  transformers opens and the page takes in
Ctrl-C pauses with a checkpoint. Exit codes: 0 all runs finished, 1 a run failed, 2 wrong command or input, 130 paused.
`;

const backends = ['auto', 'webgpu', 'wasm', 'cpu'] as const;

/** Null when help was asked for. Paths become absolute. Throws LabError `headless/usage`. */
export function headlessArguments(args: readonly string[]): HeadlessArguments | null {
  const { values, positionals } = parse(args);
  if (values.help === true) return null;
  const [planFile, ...rest] = positionals;
  if (planFile === undefined || rest.length > 0) {
    throw usageError('Name one plan file.', 'one file', positionals.length === 0 ? 'none' : positionals.join(' '));
  }
  if (values.out === undefined) throw usageError('Say where results go.', '--out DIR', 'none');
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
        'export-models': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    throw new LabError('headless/usage', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** `owner/name@revision`, or `owner/name` at main. */
function modelFrom(text: string | undefined): HeadlessArguments['modelFrom'] {
  if (text === undefined) return null;
  const [, repository = text, revision = 'main'] = /^([^@]*)@(.*)$/.exec(text) ?? [];
  return { repository, revision };
}

function machineFrom(values: ReturnType<typeof parse>['values']): Partial<MachineSettings> {
  const gibibytes = values['gpu-memory'];
  const { precision, activations, hub } = values;
  const read = machineSettingsSchema
    .omit({ version: true })
    .partial()
    .safeParse({
      ...(gibibytes === undefined ? {} : { gpuBytes: Math.round(Number(gibibytes) * 2 ** 30) }),
      ...(precision === undefined ? {} : { precision }),
      ...(activations === undefined ? {} : { activations }),
      ...(hub === undefined ? {} : { hub: hub.replace(/\/+$/, '') }),
    });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw usageError('The GPU cannot be used like that.', issue?.message ?? '', [gibibytes, precision, activations].join(' ').trim()); // prettier-ignore
  }
  return read.data as Partial<MachineSettings>;
}

function usageError(message: string, expected: string, got: string): LabError {
  return new LabError('headless/usage', message, { expected, got });
}
