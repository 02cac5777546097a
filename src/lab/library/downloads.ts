// Downloads models from a hub: looks them up by name, receives them in resumable parts, verifies them and adds them to the library.
import type { DownloadRecord, HubFile, ModelDownload } from '../../schema/libraryRecord.ts';
import {
  fileParts,
  listDownloadRecords,
  removeDownload,
  writeDownloadRecord,
  type FileParts,
} from '../../storage/modelRecords.ts';
import type { UnreadableItem } from '../../storage/records.ts';
import { memory, type Store } from '../../storage/store.ts';
import { unlessAborted } from '../../util/clock.ts';
import { fingerprint, runningDigest } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { totalSize } from '../../util/namedFile.ts';
import { megabytes } from '../../util/wording.ts';
import { publicHub, type FileAnswer, type RequestFile } from '../../wire/requestFile.ts';
import type { NamedBytes, ServerClient } from '../../wire/trainingProtocol.ts';
import type { HubModel, Lab } from '../state/labState.ts';
import { throttledProgress, type JobControl, type LabStore } from '../state/labStore.ts';
import type { HubClient, HubRepository } from './hubClient.ts';
import type { Models } from './models.ts';

interface DownloadsParts {
  readonly store: Store;
  readonly client: ServerClient;
  readonly labStore: LabStore;
  readonly models: Models;
  /** Null where nothing can be downloaded. */
  readonly requestFile: RequestFile | null;
}

/** Downloads models; the lab passes `lookUp`, `download` and `discard` on as they are. */
export class Downloads {
  private readonly parts: DownloadsParts;

  constructor(parts: DownloadsParts) {
    this.parts = parts;
  }

  /** Shows the downloads that did not reach their end, and answers with those that cannot be read. */
  async restore(): Promise<readonly UnreadableItem[]> {
    const { records, unreadable } = await listDownloadRecords(this.parts.store);
    const downloads: ModelDownload[] = [];
    for (const record of records) {
      downloads.push({ record, receivedBytes: await this.receivedBytes(record), jobId: null });
    }
    this.parts.labStore.update(() => ({ downloads }));
    return unreadable;
  }

  readonly lookUp: Lab['lookUpModel'] = async (repository, revision) => {
    const { labStore } = this.parts;
    const address = labStore.getState().machine.hub ?? publicHub;
    const hub = await this.hubAt(address);
    return labStore.during(
      `Looking up ${repository}`,
      ({ signal }) =>
        unlessAborted(signal, async () => {
          const found = await hub.list(repository.trim(), revision.trim(), signal);
          return this.describe(hub, address, found, signal);
        }),
      { cancellable: true },
    );
  };

  readonly download: Lab['downloadModel'] = async (record) => {
    const { store } = this.parts;
    const known = this.known(record.id);
    if (known !== undefined && known.jobId !== null) throw busyError(record);
    const received = await this.receivedBytes(record);
    await this.refuseWithoutStorage(record, received);
    if (known === undefined) {
      await writeDownloadRecord(store, record);
      this.show({ record, receivedBytes: received, jobId: null });
    }
    try {
      const modelId = await this.receiveModel(record);
      if (modelId === null) return null;
      await this.remove(record.id);
      return modelId;
    } finally {
      this.change(record.id, { jobId: null, receivedBytes: await this.receivedBytes(record) });
    }
  };

  readonly discard: Lab['discardDownload'] = async (downloadId) => {
    const known = this.known(downloadId);
    if (known === undefined) return;
    if (known.jobId !== null) throw busyError(known.record);
    await this.remove(downloadId);
  };

  /** Loads what speaks with hubs with the first question to one. */
  private async hubAt(address: string): Promise<HubClient> {
    const { requestFile } = this.parts;
    if (requestFile !== null) return (await import('./hubClient.ts')).hubClient(requestFile, address);
    throw new LabError('hub/unreachable', 'Nothing can be downloaded here: drop the files.');
  }

  /** Reads the configuration of a model that the hub has. */
  private async describe(
    hub: HubClient,
    address: string,
    found: HubRepository,
    signal: AbortSignal,
  ): Promise<HubModel> {
    const files = await neededFiles(found);
    const [config] = files;
    const configFile = { name: config.name, bytes: await smallFile(hub, found, config, signal) };
    const encoder = await this.parts.client.call('describeEncoder', configFile);
    return { download: downloadOf(address, found, files, encoder.parameterCount), encoder, configFile };
  }

  private known(id: string): ModelDownload | undefined {
    return this.parts.labStore.getState().downloads.find(({ record }) => record.id === id);
  }

  private show(download: ModelDownload): void {
    this.parts.labStore.update(({ downloads }) => ({ downloads: [...downloads, download] }));
  }

  private change(id: string, changes: Partial<ModelDownload>): void {
    this.parts.labStore.update(({ downloads }) => ({
      downloads: downloads.map((one) => (one.record.id === id ? { ...one, ...changes } : one)),
    }));
  }

  private async remove(id: string): Promise<void> {
    const { store, labStore } = this.parts;
    await removeDownload(store, id);
    labStore.update(({ downloads }) => ({ downloads: downloads.filter(({ record }) => record.id !== id) }));
  }

  /** Pairs each file of a download with its stored parts and the size of the files before it. */
  private filesOf({ id, files }: DownloadRecord) {
    let before = 0;
    return files.map((file, index) => {
      const found = { file, parts: fileParts(this.parts.store, id, index), before };
      before += file.sizeBytes;
      return found;
    });
  }

  private async receivedBytes(record: DownloadRecord): Promise<number> {
    const sizes = await Promise.all(this.filesOf(record).map(({ parts }) => parts.sizeBytes()));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  private async refuseWithoutStorage(record: DownloadRecord, received: number): Promise<void> {
    const { usedBytes, quotaBytes } = await this.parts.store.usage();
    // eslint-disable-next-line house/plainWords -- a stored key
    const needed = totalSize(record.files) - received + record.keptBytes;
    if (quotaBytes === null || needed <= quotaBytes - usedBytes) return;
    const free = Math.max(0, quotaBytes - usedBytes);
    throw new LabError('storage/full', `${megabytes(needed - free)} of room are missing here for this model.`, {
      expected: `${megabytes(needed)} free, for what is to be downloaded and the model made of it`,
      got: megabytes(free),
    });
  }

  /** Receives, verifies and adds a model, each as a job; null when one was cancelled. */
  private async receiveModel(record: DownloadRecord): Promise<string | null> {
    const { repository } = record.source;
    const isReceived = await this.working(record.id, `Downloading ${repository}`, (job) =>
      this.receiveAll(record, job),
    );
    if (!isReceived) return null;
    const files = await this.working(record.id, `Verifying ${repository}`, (job) => this.verifyAll(record, job));
    if (files === null) return null;
    const name = repository.slice(repository.indexOf('/') + 1);
    const add = () => this.parts.models.add(name, false, files, record.source);
    return this.working(record.id, `Importing ${repository}`, add, false);
  }

  /** Runs a job that the download shows as the one working on it. */
  private working<Value>(
    id: string,
    label: string,
    work: (job: JobControl) => Promise<Value>,
    cancellable = true,
  ): Promise<Value> {
    const shown = (job: JobControl): Promise<Value> => {
      this.change(id, { jobId: job.jobId });
      return work(job);
    };
    return this.parts.labStore.during(label, shown, { cancellable });
  }

  /** Returns whether all files are stored; false when the job was cancelled, in whatever way its request ended. */
  private async receiveAll(record: DownloadRecord, { report, signal }: JobControl): Promise<boolean> {
    const received = await unlessAborted(signal, async () => {
      const hub = await this.hubAt(record.hub);
      const start = { phase: 'receiving', done: await this.receivedBytes(record), of: totalSize(record.files) };
      const onBytes = throttledProgress(report, start);
      for (const { file, parts, before } of this.filesOf(record)) {
        if (signal.aborted) return false;
        const open = (from: number) => hub.open(record, file.name, from, signal);
        await receiveFile({ file, parts, open, signal, onBytes: (here) => onBytes(before + here) });
      }
      return true;
    });
    return received ?? false;
  }

  /** Returns the files with their contents, or null when the job was cancelled. */
  private async verifyAll(record: DownloadRecord, { report, signal }: JobControl): Promise<NamedBytes[] | null> {
    const files: NamedBytes[] = [];
    const onBytes = throttledProgress(report, { phase: 'verifying', done: 0, of: totalSize(record.files) });
    for (const { file, parts, before } of this.filesOf(record)) {
      if (signal.aborted) return null;
      const bytes = await verifiedFile({ file, parts, onBytes: (here) => onBytes(before + here) });
      files.push({ name: file.name, bytes });
    }
    return files;
  }
}

/** Lists config, weights and tokenizer, in this order. Throws LabError `hub/listing` where the hub gives no digest of one. */
async function neededFiles({ chosen, files }: HubRepository): Promise<readonly [HubFile, ...HubFile[]]> {
  const { chosenNames } = await import('../../data/import/modelFiles.ts');
  const needed = chosenNames(chosen).map((name) => {
    const file = files.find((one) => one.name === name);
    if (file !== undefined) return file;
    throw new LabError('hub/listing', `The hub tells no digest of ${name}, so that it could not be verified.`, {
      expected: 'lfs.sha256 or blobId',
      got: 'neither',
    });
  });
  const [config, ...others] = needed;
  if (config === undefined) throw new Error('a model without files');
  return [config, ...others];
}

function downloadOf(
  hub: string,
  { source, chosen }: HubRepository,
  files: readonly HubFile[],
  parameterCount: number,
): DownloadRecord {
  const id = fingerprint({ hub, repository: source.repository, commit: source.commit }).slice(0, 16);
  const sizeBytes = totalSize(files);
  // One safetensors file is kept as it comes; anything else is rewritten in F32.
  const keptBytes = chosen.form === 'safetensors' ? sizeBytes : 4 * parameterCount;
  return { version: 1, id, hub, source, files: [...files], keptBytes };
}

/** Reads a small file at once, through a store in memory. */
async function smallFile(hub: HubClient, found: HubRepository, file: HubFile, signal: AbortSignal) {
  const parts = fileParts(memory(), 'small', 0);
  const open = (from: number) => hub.open(found, file.name, from, signal);
  await receiveFile({ file, parts, open, signal, onBytes: () => undefined });
  return verifiedFile({ file, parts, onBytes: () => undefined });
}

function busyError({ source }: DownloadRecord): LabError {
  return new LabError('hub/busy', `${source.repository} is being downloaded already.`);
}

// Downloads what is missing of one file into the store, part by part, so that any interruption costs at most a part.

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
