// Brings what is missing of one file into the store, part by part, so that any interruption costs at most a part.
import type { HubFile } from '../../schema/hubRecord.ts';
import type { FileParts } from '../../storage/downloadRecords.ts';
import { runningDigest } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import type { FileAnswer } from '../../wire/requestFile.ts';

const usualPartBytes = 8 * 2 ** 20;

export interface Receiving {
  readonly file: HubFile;
  readonly parts: FileParts;
  /** The file from a byte on: status 200, 206 or 416. */
  readonly open: (from: number) => Promise<FileAnswer>;
  readonly signal: AbortSignal;
  /** Told how much of the file is here, again and again. */
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

/** Stores what an answer to the question for all from byte `from` on brings. */
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
  /** The next piece; what came before a break is kept first. */
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
 * A stored file in one array, its digest verified. Throws LabError `hub/digest` with what was expected and what came, after which nothing of
 * the file is stored, so that it comes anew.
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

/** Where the server shows what it sends (Content-Range); otherwise size and digest tell. */
async function refuseOtherRange({ file, parts }: Receiving, answer: FileAnswer, from: number): Promise<void> {
  const range = answer.header('content-range');
  const wanted = `bytes ${from}-${file.sizeBytes - 1}/${file.sizeBytes}`;
  if (range === null || range.replace(/\/\*$/, `/${file.sizeBytes}`) === wanted) return;
  await parts.clear();
  throw new LabError('hub/range', `Another part of ${file.name} was sent than was asked for.`, {
    expected: wanted,
    got: range,
  });
}
