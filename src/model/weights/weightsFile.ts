// A file of weights in memory, as it was dropped.

export interface WeightsFile {
  /** Its name without folders. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}
