// Downloads what is missing of one file into the store, part by part, so that any interruption costs at most a part.
import type { HubFile } from '../../schema/hubRecord.ts';
import type { FileParts } from '../../storage/downloadRecords.ts';
import { runningDigest } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import type { FileAnswer } from '../../wire/requestFile.ts';

const usualPartBytes = 8 * 2 ** 20;

export interface Receiving {
  readonly file: HubFile;
  readonly parts: FileParts;
  /** Opens the file from a byte on: status 200, 206 or 416. */
  readonly open: (from: number) => Promise<FileAnswer>;
  readonly signal: AbortSignal;
  /** Gets the bytes of the file that are here, after each piece. */
  readonly onBytes: (sizeBytes: number) => void;
  readonly partBytes?: number;
}

/**
 * Resolves when all of the file is stored or when it was cancelled; its content is still to be verified. What came is kept even where this
 * throws, except for LabError `hub/size` and `hub/range`, after which nothing of the file is.
 */
export async function receiveFile(receiving: Receiving): Promise<void> {
  const { file, parts, open, onBytes } = receiving;
  const at = await parts.sizeBytes();
  onBytes(at);
  if (at === file.sizeBytes) return;
  if (at > file.sizeBytes) return refuseSize(receiving, `${at} bytes`);
  const answer = await open(at);
  try {
    await receiveAnswer(receiving, answer, at);
  } finally {
    answer.drop();
  }
}

/** Stores the body of an answer to a request for all from byte `from` on. */
async function receiveAnswer(receiving: Receiving, answer: FileAnswer, from: number): Promise<void> {
  const { file, parts, signal, onBytes } = receiving;
  let at = from;
  if (answer.status === 416) return refuseSize(receiving, `at most ${at} bytes`);
  if (answer.status === 206) await refuseOtherRange(receiving, answer, at);
  if (answer.status === 200 && at > 0) {
    // A server without ranges sends the whole file again.
    await parts.clear();
    at = 0;
  }
  const part = new Uint8Array(Math.min(receiving.partBytes ?? usualPartBytes, file.sizeBytes - at));
  let filled = 0;
  const keep = async (): Promise<void> => {
    if (filled > 0) await parts.write(at, part.subarray(0, filled));
    at += filled;
    filled = 0;
  };
  const pieces = answer.pieces[Symbol.asyncIterator]();
  /** Returns the next piece; what came before a break is stored first. */
  const next = async (): Promise<Uint8Array | null> => {
    try {
      const { done, value } = await pieces.next();
      return done === true || signal.aborted ? null : value;
    } catch (error) {
      await keep();
      if (signal.aborted) return null;
      throw error;
    }
  };
  for (let piece = await next(); piece !== null; piece = await next()) {
    if (at + filled + piece.byteLength > file.sizeBytes) return refuseSize(receiving, 'more');
    for (let taken = 0; taken < piece.byteLength;) {
      const fitting = piece.subarray(taken, taken + part.byteLength - filled);
      part.set(fitting, filled);
      filled += fitting.byteLength;
      taken += fitting.byteLength;
      if (filled === part.byteLength) await keep();
    }
    onBytes(at + filled);
  }
  await keep();
  if (!signal.aborted && at < file.sizeBytes) return refuseSize(receiving, `${at} bytes, then the end`);
}

/**
 * Reads a stored file into one array and verifies its digest. Throws LabError `hub/digest` with what was expected and what came, after which nothing of
 * the file is stored, so that it is downloaded again.
 */
export async function verifiedFile({
  file: { name, sizeBytes, digest },
  parts,
  onBytes,
}: Pick<Receiving, 'file' | 'parts' | 'onBytes'>): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(sizeBytes);
  const running = runningDigest(digest.kind, sizeBytes);
  let at = 0;
  for await (const part of parts.read()) {
    running.update(part);
    bytes.set(part, at);
    at += part.byteLength;
    onBytes(at);
  }
  const got = running.hex();
  if (got === digest.hex) return bytes;
  await parts.clear();
  throw new LabError('hub/digest', `${name} is not the file that the hub lists; what came of it was removed.`, {
    expected: `${digest.kind === 'sha256' ? 'SHA-256' : 'git blob'} ${digest.hex}`,
    got,
  });
}

async function refuseSize({ file, parts }: Receiving, got: string): Promise<never> {
  await parts.clear();
  throw new LabError('hub/size', `${file.name} has another size than the hub lists; what came of it was removed.`, {
    expected: `${file.sizeBytes} bytes`,
    got,
  });
}

/** Compares what the server says it sends (Content-Range); where it says nothing, size and digest are verified later. */
async function refuseOtherRange({ file, parts }: Receiving, answer: FileAnswer, from: number): Promise<void> {
  const range = answer.header('content-range');
  const wanted = `bytes ${from}-${file.sizeBytes - 1}/${file.sizeBytes}`;
  if (range === null || range.replace(/\/\*$/, `/${file.sizeBytes}`) === wanted) return;
  await parts.clear();
  throw new LabError('hub/range', `Another part of ${file.name} was sent than was requested.`, {
    expected: wanted,
    got: range,
  });
}
