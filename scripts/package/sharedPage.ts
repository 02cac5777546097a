// Writes an exported tagger as one HTML file that tags text wherever it is opened.
import { open } from 'node:fs/promises';
import path from 'node:path';
import { SharedTaggerFiles } from '../../src/lab/share/sharedTagger.ts';
import { taggerFiles } from '../../src/tagger/taggerMachine.ts';
import { taggerOfFiles } from '../../src/training/loadTagger.ts';
import { LabError } from '../../src/util/labError.ts';
import { pageProgram } from './taggerBundle.ts';

/** Bytes that are written at once. */
const STEP = 2 ** 20;

/**
 * Writes `file` from a folder or zip that the lab exported, and returns its size in bytes. Throws LabError as the package does where that is no
 * tagger, and `share/size` where it is too large for a page, and `tagger/out` for a file
 * that cannot be written.
 */
export async function writeSharedPage(model: string, file: string, title: string | null): Promise<number> {
  const files = await taggerFiles(model);
  const { head } = taggerOfFiles(files);
  const program = await pageProgram();
  const name = title ?? `Tagger for ${head.types.join(', ')}`;
  const page = new SharedTaggerFiles({ title: name, types: head.types, program });
  const target = await open(file, 'w').catch((cause: unknown): never => {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('tagger/out', `The page cannot be written to ${file}.`, { expected: 'a file in a folder that is there', got }); // prettier-ignore
  });
  let sizeBytes = 0;
  const write = async (text: string): Promise<void> => {
    sizeBytes += Buffer.byteLength(text);
    await target.writeFile(text);
  };
  try {
    await write(page.begin());
    for (const [one, bytes] of files) {
      for (let from = 0; from < bytes.length; from += STEP) await write(page.file(one, bytes.slice(from, from + STEP)));
    }
    await write(page.end());
  } finally {
    await target.close();
  }
  return sizeBytes;
}

/** The file beside the model where none is named. */
export function pageBeside(model: string): string {
  return `${path.resolve(model).replace(/\.zip$/i, '')}.html`;
}
