// Writes the selected snapshot of each finished run as a model's folder.
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Lab } from '../../src/lab/labState.ts';
import { runTitle } from '../../src/lab/runTitle.ts';
import type { TaggerExport } from '../../src/schema/taggerExport.ts';
import { layersOf, type TextOutput } from './progressReport.ts';

/**
 * Folders `<outFolder>/models/<run>-<id>`, with the first 8 digits of the run's id, as the titles of two runs can be the same; one that is
 * there already is replaced when the new one is whole.
 */
export async function writeModels(
  lab: Lab,
  runIds: readonly string[],
  outFolder: string,
  output: TextOutput,
): Promise<void> {
  for (const { record } of lab.getState().runs) {
    const { spec, status, selectedEpoch } = record;
    if (!runIds.includes(spec.id) || status !== 'finished' || selectedEpoch === null) continue;
    const title = runTitle(spec, layersOf(lab, spec)).replace(/[^\p{L}\p{N}._-]+/gu, '-');
    const name = `${title}-${spec.id.slice(0, 8)}`;
    const folder = path.join(outFolder, 'models', name);
    await writeFolder(
      lab,
      { tagger: { kind: 'snapshot', runId: spec.id, epoch: selectedEpoch }, precision: 'F32' },
      folder,
    );
    output.write(`Model: ${folder}\n`);
  }
}

async function writeFolder(lab: Lab, request: TaggerExport, folder: string): Promise<void> {
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
