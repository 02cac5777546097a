// Declares how the lab requests a public file, all that it knows of the network, and names the only hosts that it connects to.

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

// Names the only hosts that the lab connects to, and only when a person pressed a button: the catalogue's, the hub's, this machine's.

/** Holds a folder for each corpus of the catalogue. */
export const publicRepository = 'https://raw.githubusercontent.com/cambridgeltl/MTL-Bioinformatics-2016/master/data';

export const publicHub = 'https://huggingface.co';

/** Lists them as sources of a Content-Security-Policy: the built page may connect to these and to its own origin. */
export const publicHosts: readonly string[] = [
  `${publicRepository}/`,
  publicHub,
  // Where the hub redirects downloads to.
  'https://*.huggingface.co',
  'https://*.hf.co',
  // A mirror on the same machine.
  'http://localhost:*',
  'http://127.0.0.1:*',
];
