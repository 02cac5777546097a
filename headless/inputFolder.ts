// Reads the files of a named corpus or model from disk as dropped files, and writes exported models.
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../src/lab/state/labState.ts';
import { runTitle } from '../src/lab/state/runViews.ts';
import type { OnnxPrecision } from '../src/schema/taggerFiles.ts';
import { LabError } from '../src/util/labError.ts';
import type { DroppedFile } from '../src/util/namedFile.ts';
import type { TaggerExport } from '../src/wire/trainingProtocol.ts';
import { layersOf, type TextOutput } from './progressReport.ts';

const builtInFolder = fileURLToPath(new URL('../public', import.meta.url));

/**
 * Lists the files under `<folder>/<name>`, or those of the built-in corpus or model of that name.
 * Throws LabError `headless/input` naming the folders searched.
 */
export async function inputFolder(
  kind: 'corpora' | 'models',
  name: string,
  folder: string | null,
): Promise<readonly DroppedFile[]> {
  if (path.basename(name) !== name || name === '..') {
    throw new LabError('headless/input', `"${name}" cannot be the name of a folder.`);
  }
  const candidates = [...(folder === null ? [] : [folder]), path.join(builtInFolder, kind)];
  for (const candidate of candidates) {
    const files = await filesUnder(path.join(candidate, name), name);
    if (files.length > 0) return files;
  }
  const looked = candidates.map((candidate) => path.join(candidate, name));
  throw new LabError('headless/input', `The plan needs ${name}, which is not in the ${kind} folder.`, {
    expected: `files in ${looked.join(' or ')}`,
    got: folder === null ? `no --${kind} folder` : 'none',
  });
}

/** The error of a named file that cannot be read, with what it was expected to be. */
export function unreadableFile(file: string, expected: string, cause: unknown): LabError {
  const got = cause instanceof Error ? cause.message : String(cause);
  return new LabError('headless/input', `The file ${file} cannot be read.`, { expected, got, cause });
}

/** Folders within folders that are read; links may lead in circles. */
const DEEPEST = 32;

/**
 * Lists all files in a folder recursively, with paths starting with `dropPath`; none if there is no such folder. Leaves out what is neither file
 * nor folder, such as a pipe. Throws LabError `headless/input` for a name that is not UTF-8, a link that leads nowhere, and folders that are too deep.
 */
export async function filesUnder(folder: string, dropPath: string, depth = 0): Promise<DroppedFile[]> {
  let names: readonly Buffer[];
  try {
    names = await readdir(folder, { encoding: 'buffer' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw unreadable(folder, 'a folder that can be read', cause);
  }
  if (depth > DEEPEST) throw unreadable(folder, `at most ${DEEPEST} folders within each other`, null);
  const files: DroppedFile[] = [];
  for (const raw of names) {
    const name = raw.toString('utf8');
    if (!raw.equals(Buffer.from(name, 'utf8'))) {
      throw unreadable(path.join(folder, name), 'a name in UTF-8', new Error(`the bytes ${raw.toString('hex')}`));
    }
    const location = path.join(folder, name);
    const found = await stat(location).catch((cause: unknown): never => {
      throw unreadable(location, 'a file that can be read', cause);
    });
    const inside = `${dropPath}/${name}`;
    if (found.isDirectory()) for (const file of await filesUnder(location, inside, depth + 1)) files.push(file);
    else if (found.isFile()) files.push({ path: inside, sizeBytes: found.size, bytes: () => readWhole(location) });
  }
  return files;
}

function unreadable(location: string, expected: string, cause: unknown): LabError {
  return new LabError('headless/input', `${location} cannot be used as input: rename, repair or remove it.`, {
    expected,
    ...(cause instanceof Error ? { got: cause.message, cause } : {}),
  });
}

/** Copies the bytes, because Node returns small files as views of a shared buffer. */
export async function readWhole(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(path));
}

/** What is written of a run's tagger: a folder for transformers, its adapters alone, or an ONNX graph in a precision. */
export type ExportForm = 'models' | 'adapters' | OnnxPrecision;

/** The folder for taggers of a form. */
export function exportFolderOf(form: ExportForm): string {
  return form === 'models' || form === 'adapters' ? form : 'onnx';
}

/**
 * Exports finished runs to `<outFolder>/models/<run>-<id>`, or as ONNX to `<outFolder>/onnx/<run>-<id>-<precision>`, with the first 8 digits of the run's id, because runs can share a title. An
 * existing folder is replaced once the new one is complete. `mend` trains a run again whose snapshot is damaged, and answers with whether the
 * export may be tried again.
 */
export async function writeModels(
  lab: Lab,
  runIds: readonly string[],
  outFolder: string,
  output: TextOutput,
  mend: (runId: string) => Promise<boolean>,
  form: ExportForm = 'models',
): Promise<void> {
  for (const { record } of lab.getState().runs) {
    const { spec, status, selectedEpoch } = record;
    if (!runIds.includes(spec.id) || status !== 'finished' || selectedEpoch === null) continue;
    if (form === 'adapters' && spec.config.adapters === undefined) continue;
    const title = runTitle(spec, layersOf(lab, spec)).replace(/[^\p{L}\p{N}._-]+/gu, '-');
    const name = `${title}-${spec.id.slice(0, 8)}`;
    const isOnnx = form !== 'models' && form !== 'adapters';
    const folder = path.join(outFolder, exportFolderOf(form), isOnnx ? `${name}-${form}` : name);
    const tagger = { kind: 'snapshot', runId: spec.id, epoch: selectedEpoch } as const;
    const extra = isOnnx ? { onnx: form } : form === 'adapters' ? { adapters: true as const } : {};
    const request: TaggerExport = { tagger, precision: 'F32', ...extra };
    await writeFolder(lab, request, folder).catch(async (error: unknown) => {
      const isDamaged = error instanceof LabError && error.code === 'checkpoint/missing';
      if (!isDamaged || !(await mend(spec.id))) throw error;
      await writeFolder(lab, request, folder);
    });
    output.write(`${form === 'adapters' ? 'Adapters' : 'Model'}: ${folder}\n`);
  }
}

/** Writes the files of an exported tagger; an existing folder is replaced once the new one is complete. */
export async function writeFolder(lab: Lab, request: TaggerExport, folder: string): Promise<void> {
  const unfinished = `${folder}~`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const files = new Map<string, FileHandle>();
  try {
    await lab.exportTagger(request, async ({ name, bytes }) => {
      const file = files.get(name) ?? (await open(path.join(unfinished, name), 'w'));
      files.set(name, file);
      await file.writeFile(bytes);
    });
  } finally {
    for (const file of files.values()) await file.close();
  }
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
}
