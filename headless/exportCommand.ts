// Exports the selected snapshot of finished runs from folders of results as model folders.
import path from 'node:path';
import { readdir, stat } from 'node:fs/promises';
import { LocalLab } from '../src/lab/lab.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { LabError } from '../src/util/labError.ts';
import { softwareVersion } from '../src/util/softwareVersion.ts';
import type { ServerClient } from '../src/wire/trainingProtocol.ts';
import { requestFile } from '../workers/publicFiles.ts';
import { endOf, exitCodes, exitCodesText, type CommandSurroundings } from './commandEnd.ts';
import { EventLines } from './eventLines.ts';
import { parsedOptions, usageError } from './headlessArguments.ts';
import { writeModels } from './inputFolder.ts';
import { runStoreOf } from './runFolder.ts';
import { whileLocked } from './trainRuns.ts';

const usage = `Usage: bioner export DIR [--run ID ...] [--adapters] [--out DIR] [--json]

Writes the selected snapshot of each finished run of a folder of results to DIR/models, for Hugging Face transformers, the page and bioner tag.
  --run ID   these runs alone, by the id or the start of it
  --adapters writes the adapters alone of runs with adapters to DIR/adapters, for Hugging Face PEFT
  --out DIR  writes to DIR/models or DIR/adapters there
${exitCodesText}`;

/** Returns the exit code, after reporting every error. */
export function exportCommand(args: readonly string[], surroundings: CommandSurroundings): Promise<number> {
  const lines = new EventLines(args.includes('--json') ? surroundings.output : null);
  const around = lines.areWanted ? { ...surroundings, output: surroundings.errors } : surroundings;
  const work = async (): Promise<number> => {
    const { values, positionals } = parsedOptions(args, {
      run: { type: 'string', multiple: true },
      out: { type: 'string' },
      adapters: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    if (values.help === true) {
      surroundings.output.write(usage);
      return exitCodes.done;
    }
    const [folder, ...rest] = positionals;
    if (folder === undefined || rest.length > 0) throw usageError('Give one folder of results.', 'DIR', positionals.join(' ') || 'none'); // prettier-ignore
    const wanted = values.run ?? [];
    const out = path.resolve(values.out ?? folder);
    const what = values.adapters === true ? 'adapters' : 'models';
    let written = 0;
    for (const store of await storesIn(path.resolve(folder))) {
      await whileLocked(path.dirname(store), around, async () => {
        written += await exportStore(store, wanted, out, what, around);
        return exitCodes.done;
      });
    }
    lines.write({ event: 'file', file: path.join(out, what), models: written });
    if (written > 0) return exitCodes.done;
    throw new LabError(
      'headless/input',
      what === 'models' ? 'No finished run was found.' : 'No finished run with adapters was found.',
      {
        expected: wanted.length === 0 ? 'a finished run with its snapshot' : `finished: ${wanted.join(', ')}`,
        got: `none in ${folder}`,
      },
    );
  };
  return endOf(work, surroundings, usage, (data) => lines.error(data));
}

/** The stores of a folder of results: one of a whole plan, those of single runs, or that of the folder of one run. */
async function storesIn(folder: string): Promise<readonly string[]> {
  const runs = await readdir(path.join(folder, 'runs')).catch(() => []);
  const stores = [runStoreOf(folder), ...runs.sort().map((id) => runStoreOf(path.join(folder, 'runs', id)))];
  const there = await Promise.all(stores.map((store) => stat(store).then(() => [store], () => []))); // prettier-ignore
  return there.flat();
}

async function exportStore(
  location: string,
  wanted: readonly string[],
  out: string,
  what: 'models' | 'adapters',
  { openServer, output }: CommandSurroundings,
): Promise<number> {
  const store = fileSystem(location);
  const server: { client?: ServerClient } = {};
  const lab = new LocalLab({
    store,
    openServer: () => (server.client = openServer(store, { threads: null, adapter: null })),
    fetchBuiltIn: null,
    requestFile,
    software: softwareVersion,
  });
  try {
    await lab.open('cpu');
    const own = lab.getState().runs.filter(({ record }) => isOwn(location, record.spec.id));
    const ids = own.map(({ record }) => record.spec.id);
    const chosen = wanted.length === 0 ? ids : ids.filter((id) => wanted.some((start) => id.startsWith(start)));
    const finished = own.filter(
      ({ record }) =>
        chosen.includes(record.spec.id) &&
        record.selectedEpoch !== null &&
        (what === 'models' || record.spec.config.adapters !== undefined),
    );
    await writeModels(lab, chosen, out, output, () => Promise.resolve(false), what);
    return finished.length;
  } finally {
    server.client?.close();
    await store.settled();
  }
}

/** The folder of a run has the records of those that it started from, too, whose snapshots are in their own folders. */
function isOwn(store: string, runId: string): boolean {
  const folder = path.dirname(store);
  return path.basename(path.dirname(folder)) !== 'runs' || path.basename(folder) === runId;
}
