// Exports the selected snapshot of finished runs from folders of results as model folders, or as ONNX, as which exported taggers leave, too.
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ONNX_PRECISIONS, type OnnxPrecision } from '../src/schema/taggerFiles.ts';
import { fileSystem } from '../src/storage/fileSystem.ts';
import { memory, type Store } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import { command, exitCodes, exitCodesText, type CommandSurroundings } from './commandEnd.ts';
import { commandLab, type CommandLab } from './commandLab.ts';
import { oneArgument, parsedOptions, usageError } from './headlessArguments.ts';
import { exportFolderOf, filesUnder, writeFolder, writeModels, type ExportForm } from './inputFolder.ts';
import { runStoreOf } from './runFolder.ts';
import { whileLocked } from './trainRuns.ts';

const usage = `Usage: bioner export DIR [--run ID ...] [--out DIR] [--onnx[=${ONNX_PRECISIONS.join('|')}] | --adapters] [--json]

Writes the selected snapshot of each finished run of a folder of results to DIR/models, for Hugging Face transformers, the page and bioner tag.
  --run ID   these runs alone, by the id or the start of it
  --out DIR  writes to DIR/models, DIR/onnx or DIR/adapters there
  --onnx     writes ONNX graphs to DIR/onnx instead, for onnxruntime, with weights in 32 bits (f32), 16 (f16) or 8 (int8); here DIR may also be
             the folder of an exported tagger, whose graph is written to the folder onnx beside it
  --adapters writes the adapters alone of runs with adapters to DIR/adapters, for Hugging Face PEFT
${exitCodesText}`;

export const exportCommand = command(usage, async (args, around, lines) => {
  // The precision is optional, which options of Node cannot be.
  const words = args.map((word) => (word === '--onnx' ? '--onnx=f32' : word));
  const { values, positionals } = parsedOptions(words, {
    run: { type: 'string', multiple: true },
    out: { type: 'string' },
    onnx: { type: 'string' },
    adapters: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const folder = oneArgument(positionals, 'Give one folder of results.', 'DIR');
  const wanted = values.run ?? [];
  const onnx = onnxFrom(values.onnx);
  if (onnx !== null && (await isTagger(folder))) {
    const beside = path.resolve(values.out ?? path.dirname(path.resolve(folder)));
    await exportTaggerFolder(path.resolve(folder), beside, around, onnx);
    lines.write({ event: 'file', file: path.join(beside, 'onnx'), models: 1 });
    return exitCodes.done;
  }
  const out = path.resolve(values.out ?? folder);
  const form: ExportForm = values.adapters === true ? 'adapters' : (onnx ?? 'models');
  let written = 0;
  for (const store of await storesIn(path.resolve(folder))) {
    await whileLocked(path.dirname(store), around, async () => {
      written += await exportStore(store, wanted, out, around, form);
      return exitCodes.done;
    });
  }
  lines.write({ event: 'file', file: path.join(out, exportFolderOf(form)), models: written });
  if (written > 0) return exitCodes.done;
  throw new LabError(
    'headless/input',
    form === 'adapters' ? 'No finished run with adapters was found.' : 'No finished run was found.',
    {
      expected: wanted.length === 0 ? 'a finished run with its snapshot' : `finished: ${wanted.join(', ')}`,
      got: `none in ${folder}`,
    },
  );
});

function onnxFrom(text: string | undefined): OnnxPrecision | null {
  if (text === undefined) return null;
  const precision = ONNX_PRECISIONS.find((one) => one === text);
  if (precision === undefined)
    throw usageError('Unknown precision of an ONNX graph.', ONNX_PRECISIONS.join(', '), text);
  return precision;
}

function isTagger(folder: string): Promise<boolean> {
  return stat(path.join(folder, 'bioner_lab.json')).then(() => true, () => false); // prettier-ignore
}

/** Writes the graph of a tagger that was exported before. Throws LabError `headless/input` if the folder is not one. */
async function exportTaggerFolder(
  folder: string,
  out: string,
  surroundings: CommandSurroundings,
  onnx: OnnxPrecision,
): Promise<void> {
  await withLab(memory(), surroundings, async (lab) => {
    const name = path.basename(folder);
    const { modelIds } = await lab.importFiles(await filesUnder(folder, name));
    const tagger = lab.getState().models.find(({ id, tagger: head }) => modelIds.includes(id) && head !== undefined);
    if (tagger === undefined) {
      throw new LabError('headless/input', `The folder ${folder} is not a trained tagger.`, {
        expected: 'a folder that the lab exported for transformers',
        got: lab.getState().notices.find(({ severity }) => severity === 'error')?.message ?? 'no model',
      });
    }
    const target = path.join(out, 'onnx', `${name}-${onnx}`);
    await writeFolder(lab, { tagger: { kind: 'model', modelId: tagger.id }, precision: 'F32', onnx }, target);
    surroundings.output.write(`Model: ${target}\n`);
  });
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
  surroundings: CommandSurroundings,
  form: ExportForm,
): Promise<number> {
  const store = fileSystem(location);
  try {
    return await withLab(store, surroundings, async (lab) => {
      const own = lab.getState().runs.filter(({ record }) => isOwn(location, record.spec.id));
      const ids = own.map(({ record }) => record.spec.id);
      const chosen = wanted.length === 0 ? ids : ids.filter((id) => wanted.some((start) => id.startsWith(start)));
      const finished = own.filter(
        ({ record: { spec, selectedEpoch } }) =>
          chosen.includes(spec.id) &&
          selectedEpoch !== null &&
          (form !== 'adapters' || spec.config.adapters !== undefined),
      );
      await writeModels(lab, chosen, out, surroundings.output, () => Promise.resolve(false), form);
      return finished.length;
    });
  } finally {
    await store.settled();
  }
}

/** Opens a lab on a store while `work` needs it. */
async function withLab<Outcome>(
  store: Store,
  surroundings: CommandSurroundings,
  work: (lab: CommandLab['lab']) => Promise<Outcome>,
): Promise<Outcome> {
  const { lab, close } = commandLab(store, surroundings);
  try {
    await lab.open('cpu');
    return await work(lab);
  } finally {
    close();
  }
}

/** The folder of a run has the records of those that it started from, too, whose snapshots are in their own folders. */
function isOwn(store: string, runId: string): boolean {
  const folder = path.dirname(store);
  return path.basename(path.dirname(folder)) !== 'runs' || path.basename(folder) === runId;
}
