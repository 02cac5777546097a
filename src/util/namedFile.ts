// Files from any source: whole in memory, or not read yet.
/** `path` is `/`-separated and starts inside what was dropped: a folder `NCBI` gives `NCBI/train.tsv`. */
export interface NamedFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file not read yet: its `/`-separated path within what was dropped, its size in bytes, and a reader for its bytes. */
export interface DroppedFile {
  readonly path: string;
  readonly sizeBytes: number;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The same content where the platform has it as a blob, which a Worker receives without its bytes being read here. */
  readonly blob?: Blob;
}

/** Presents a file in memory as a dropped one. */
export function fileInMemory({ path, bytes }: NamedFile): DroppedFile {
  return { path, sizeBytes: bytes.byteLength, bytes: () => Promise.resolve(bytes), blob: new Blob([bytes]) };
}

/** In bytes. */
export function totalSize(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Returns the last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
