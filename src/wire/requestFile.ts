// How the lab asks for a public file: all that it knows of the network, given to it by whoever wires it.
export interface FileAnswer {
  readonly status: number;
  /** Null for a header that is missing, or that the server does not show to other origins. */
  header(name: string): string | null;
  /** The body, once. Throws when the connection breaks; ends early, in any way, once the request is cancelled. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Lets go of a body that will not be read. */
  drop(): void;
}

/** Asks for an address, following redirects, from byte `from` on. Rejects when it cannot be reached, with a LabError that says why where that is known; `cancelled` ends it at any time. */
export type RequestFile = (
  address: string,
  options: { readonly from?: number; readonly cancelled: Promise<void> },
) => Promise<FileAnswer>;

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
