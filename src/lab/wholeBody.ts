// The whole body of an answer in one array, for files that are small.
import type { FileAnswer } from './requestFile.ts';

/** Throws as the answer's pieces do, and what `onPiece`, told of each, throws. */
export async function wholeBody(
  { pieces }: Pick<FileAnswer, 'pieces'>,
  onPiece: (sizeBytes: number) => void = () => undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const came: Uint8Array[] = [];
  for await (const piece of pieces) {
    came.push(piece);
    onPiece(piece.byteLength);
  }
  const bytes = new Uint8Array(came.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of came) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
