// Hands a trained tagger to the person as a zip of its folder.
import { zipStream } from '../data/formats/zipStream.ts';
import type { Lab } from '../lab/labState.ts';
import type { TaggerExport } from '../schema/taggerExport.ts';
import { fileSink } from './fileSink.ts';

/** `folder` names the zip and the one folder in it. Nothing is left of an export that was cancelled or failed. */
export async function saveTagger(lab: Lab, request: TaggerExport, folder: string): Promise<void> {
  const sink = await fileSink(`${folder}.zip`);
  if (sink === null) return;
  const zip = zipStream();
  const write = async (chunks: readonly Uint8Array<ArrayBuffer>[]): Promise<void> => {
    for (const chunk of chunks) await sink.write(chunk);
  };
  let whole = false;
  try {
    if (await lab.exportTagger(request, ({ name, bytes }) => write(zip.add(`${folder}/${name}`, bytes)))) {
      await write(zip.finish());
      whole = true;
    }
  } finally {
    await (whole ? sink.close() : sink.abandon());
  }
}
