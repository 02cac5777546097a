// Tags text files with a trained tagger: a model folder, or the best snapshot of a folder of results.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { annotationFormats, type AnnotationFormat } from '../src/data/documents/annotationFormats.ts';
import { writeDocuments } from '../src/data/formats/writeDocuments.ts';
import { LocalLab } from '../src/lab/lab.ts';
import { memory } from '../src/storage/store.ts';
import { LabError } from '../src/util/labError.ts';
import type { DroppedFile } from '../src/util/namedFile.ts';
import { softwareVersion } from '../src/util/softwareVersion.ts';
import type { ServerClient } from '../src/wire/trainingProtocol.ts';
import { requestFile } from '../workers/publicFiles.ts';
import { endOf, exitCodes, exitCodesText, interruptedCode, type CommandSurroundings } from './commandEnd.ts';
import { EventLines } from './eventLines.ts';
import { headlessArguments, parsedOptions, usageError } from './headlessArguments.ts';
import { filesUnder } from './inputFolder.ts';
import { openLab } from './trainStore.ts';

const usage = `Usage: bioner tag MODEL FILE ... --out DIR [--format NAME] [--backend webgpu|wasm|cpu] [--threads N] [--adapter NAME] [--json]

Marks the mentions in text files with a trained tagger.
  MODEL          a folder that --export-models or bioner export wrote, or that the page exported
  FILE           plain text or any format that the lab reads; a folder stands for its files
  --out DIR      where the tagged files go
  --format NAME  ${annotationFormats.join(', ')} (BRAT)
${exitCodesText}`;

/** Returns the exit code, after reporting every error. */
export function tagCommand(args: readonly string[], surroundings: CommandSurroundings): Promise<number> {
  const lines = new EventLines(args.includes('--json') ? surroundings.output : null);
  const text = lines.areWanted ? surroundings.errors : surroundings.output;
  return endOf(
    () => tagFiles(args, { ...surroundings, output: text }, lines),
    surroundings,
    usage,
    (data) => lines.error(data),
  );
}

async function tagFiles(
  args: readonly string[],
  surroundings: CommandSurroundings,
  lines: EventLines,
): Promise<number> {
  const { openServer, interrupt, output } = surroundings;
  const { values, positionals } = parsedOptions(args, {
    out: { type: 'string' },
    format: { type: 'string' },
    backend: { type: 'string' },
    threads: { type: 'string' },
    adapter: { type: 'string' },
    json: { type: 'boolean' },
  });
  if (values.help === true) {
    output.write(usage);
    return exitCodes.done;
  }
  const [model, ...inputs] = positionals;
  if (model === undefined || inputs.length === 0) {
    throw usageError('Give a model and the text to tag.', 'MODEL FILE ...', positionals.join(' ') || 'none');
  }
  if (values.out === undefined) throw usageError('Give a folder for the tagged files.', '--out DIR', 'none');
  const format = formatOf(values.format ?? 'BRAT');
  // The machine's part of the arguments is that of training.
  const { backend = 'auto', threads, adapter } = values;
  const machine = ['--backend', backend, ...(threads === undefined ? [] : ['--threads', threads]), ...(adapter === undefined ? [] : ['--adapter', adapter])]; // prettier-ignore
  const parsed = headlessArguments(['tag', '--out', values.out, ...(backend === 'auto' ? machine.slice(2) : machine)]);
  if (parsed === null) return exitCodes.done;
  const files = (await Promise.all(inputs.map(filesOf))).flat();
  const store = memory();
  const server: { client?: ServerClient } = {};
  const lab = new LocalLab({
    store,
    openServer: () => {
      const client = openServer(store, parsed.part);
      lines.follow(client);
      return (server.client = client);
    },
    fetchBuiltIn: null,
    requestFile,
    software: softwareVersion,
  });
  try {
    await openLab(lab, parsed, output);
    const { modelIds } = await lab.importFiles(await filesOf(model));
    const tagger = lab.getState().models.find((one) => modelIds.includes(one.id) && one.tagger !== undefined);
    if (tagger === undefined) throw notATagger(model, lab);
    interrupt.addEventListener('abort', () => lab.stopTagging(), { once: true });
    await lab.tag({ kind: 'model', modelId: tagger.id }, { kind: 'files', files });
    const { tagging } = lab.getState();
    if (interrupt.aborted) return interruptedCode(interrupt);
    if (tagging === null || tagging.problem !== null) throw LabError.fromData(tagging?.problem ?? { code: 'internal', message: 'Nothing was tagged.' }); // prettier-ignore
    for (const { file, message } of tagging.issues) surroundings.errors.write(`${file}: ${message}\n`);
    const { documents } = tagging;
    const mentions = documents.reduce((sum, document) => sum + document.mentions.length, 0);
    await writeAll(path.resolve(values.out), writeDocuments(format, documents, { name: 'tagged' }));
    output.write(`${mentions} mentions in ${documents.length} documents: ${path.resolve(values.out)}\n`);
    lines.write({ event: 'tagged', documents: documents.length, mentions, out: path.resolve(values.out) });
    return exitCodes.done;
  } finally {
    server.client?.close();
  }
}

function formatOf(name: string): AnnotationFormat {
  const format = annotationFormats.find((one) => one.toLowerCase() === name.toLowerCase());
  if (format === undefined) throw usageError('Unknown format.', annotationFormats.join(', '), name);
  return format;
}

function notATagger(model: string, lab: LocalLab): LabError {
  const said = lab.getState().notices.find(({ severity }) => severity === 'error')?.message;
  return new LabError('headless/input', `The folder ${model} is not a trained tagger.`, {
    expected: 'a folder that the lab exported, with bioner_lab.json',
    got: said ?? 'a model without a tagging head, or none',
  });
}

async function filesOf(location: string): Promise<readonly DroppedFile[]> {
  const found = await stat(location).catch(() => null);
  if (found === null) throw new LabError('headless/input', `There is no ${location}.`, { expected: 'a file or folder', got: 'none' }); // prettier-ignore
  if (found.isDirectory()) return filesUnder(location, path.basename(path.resolve(location)));
  const bytes = async () => new Uint8Array(await readFile(location));
  return [{ path: path.basename(location), sizeBytes: found.size, bytes }];
}

async function writeAll(
  folder: string,
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { path: name, bytes } of files) {
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, bytes);
  }
}
