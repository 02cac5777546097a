// A file in memory, from any source.
/** `path` is `/`-separated and starts inside what was dropped: a folder `NCBI` gives `NCBI/train.tsv`. */
export interface NamedFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** In bytes. */
export function totalSize(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
