// Sizes in the words of errors, which know no page to format them.

/** Rounded up, so that room for what it says is room enough. */
export function megabytes(sizeBytes: number): string {
  return `${Math.ceil(sizeBytes / 1e6)} MB`;
}
