// Adds up the sizes of files.

/** In bytes. */
export function totalSize(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
