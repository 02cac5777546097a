// Declares how the lab requests a public file: all that it knows of the network, passed in when it is opened.
export interface FileAnswer {
  readonly status: number;
  /** Returns null for a header that is missing, or that the server does not show to other origins. */
  header(name: string): string | null;
  /** Gives the body, once. Throws when the connection breaks; ends early, in any way, once the request is aborted. */
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Gives up a body that will not be read. */
  drop(): void;
}

/**
 * Requests an address, following redirects, from byte `from` on. Rejects when it cannot be reached, with a LabError that says why where that is
 * known; `signal` ends it at any time.
 */
export type RequestFile = (
  address: string,
  options: { readonly from?: number; readonly signal: AbortSignal },
) => Promise<FileAnswer>;

/** Reads an answer's pieces into one array. Throws as the pieces do, and what `onPiece`, called with the size of each, throws. */
export async function wholeBody(
  { pieces }: Pick<FileAnswer, 'pieces'>,
  onPiece: (sizeBytes: number) => void = () => undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const received: Uint8Array[] = [];
  for await (const piece of pieces) {
    received.push(piece);
    onPiece(piece.byteLength);
  }
  const bytes = new Uint8Array(received.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let offset = 0;
  for (const piece of received) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}
