// Packs files into a zip as their bytes come, uncompressed, so that neither file nor archive is ever held whole.
import { Zip, ZipPassThrough } from 'fflate';

export interface ZipStream {
  /** What the archive goes on with when a file does; a file ends where another begins. */
  add(path: string, bytes: Uint8Array<ArrayBuffer>): readonly Uint8Array<ArrayBuffer>[];
  /** The archive's end. */
  finish(): readonly Uint8Array<ArrayBuffer>[];
}

/** Without zip64: at most 4 GiB and 65,535 files. Weights do not get smaller by deflating. */
export function zipStream(): ZipStream {
  let ready: Uint8Array<ArrayBuffer>[] = [];
  let open: { readonly path: string; readonly entry: ZipPassThrough } | null = null;
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    ready.push(chunk);
  });

  function taken(): readonly Uint8Array<ArrayBuffer>[] {
    const chunks = ready;
    ready = [];
    return chunks;
  }

  function closeEntry(): void {
    open?.entry.push(new Uint8Array(), true);
    open = null;
  }

  return {
    add(path, bytes) {
      if (open?.path !== path) {
        closeEntry();
        open = { path, entry: new ZipPassThrough(path) };
        zip.add(open.entry);
      }
      open.entry.push(bytes);
      return taken();
    },
    finish() {
      closeEntry();
      zip.end();
      return taken();
    },
  };
}
