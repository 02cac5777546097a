// Which trained tagger is to leave as a folder, and in which numbers.
import type { TaggerRef } from './taggerRef.ts';

export interface TaggerExport {
  readonly tagger: TaggerRef;
  /** Of the weights: F16 takes half of the room, and rounds. */
  readonly precision: 'F32' | 'F16';
}

/** A file of the folder, before its bytes are there. */
export interface ExportedFile {
  readonly name: string;
  readonly sizeBytes: number;
}
