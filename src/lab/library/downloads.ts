// Models brought in from a hub by name: looked up, downloaded in goes, verified, and taken into the library.
import { chosenNames } from '../../data/import/modelFiles.ts';
import type { DownloadRecord, HubFile } from '../../schema/hubRecord.ts';
import { fileParts, listDownloadRecords, removeDownload, writeDownloadRecord } from '../../storage/downloadRecords.ts';
import { memory, type Store } from '../../storage/store.ts';
import { fingerprint } from '../../util/digest.ts';
import { LabError } from '../../util/labError.ts';
import { totalSize } from '../../util/namedFile.ts';
import { megabytes } from '../../util/wording.ts';
import type { RequestFile } from '../../wire/requestFile.ts';
import type { NamedBytes, ServerClient } from '../../wire/trainingProtocol.ts';
import { createCancelling, type Cancelling } from '../state/cancelling.ts';
import type { HubModel, Lab, ModelDownload } from '../state/labState.ts';
import { throttledProgress, type LabStore, type ReportProgress } from '../state/labStore.ts';
import { hubClient, type HubClient, type HubRepository } from './hubClient.ts';
import type { Models } from './models.ts';
import { publicHub } from './publicHosts.ts';
import { receiveFile, verifiedFile, type Receiving } from './receiveFile.ts';

export interface Downloads {
  /** Shows what was not downloaded to its end. Throws LabError `storage/corrupt` after showing the rest. */
  restore(): Promise<void>;
  lookUp: Lab['lookUpModel'];
  download: Lab['downloadModel'];
  discard: Lab['discardDownload'];
}

export function createDownloads({
  store,
  client,
  labStore,
  models,
  requestFile,
}: {
  readonly store: Store;
  readonly client: ServerClient;
  readonly labStore: LabStore;
  readonly models: Models;
  /** Null where nothing can be downloaded. */
  readonly requestFile: RequestFile | null;
}): Downloads {
  function hubAt(address: string): HubClient {
    if (requestFile !== null) return hubClient(requestFile, address);
    throw new LabError('hub/unreachable', 'Nothing can be downloaded here: drop the files.');
  }

  function change(id: string, changes: Partial<ModelDownload>): void {
    labStore.update(({ downloads }) => ({
      downloads: downloads.map((one) => (one.record.id === id ? { ...one, ...changes } : one)),
    }));
  }

  function forget(id: string): void {
    labStore.update(({ downloads }) => ({ downloads: downloads.filter(({ record }) => record.id !== id) }));
  }

  /** Each file of a download with its stored parts, and how much of the files before it there is. */
  function filesOf({ id, files }: DownloadRecord) {
    let before = 0;
    return files.map((file, index) => {
      const found = { file, parts: fileParts(store, id, index), before };
      before += file.sizeBytes;
      return found;
    });
  }

  async function receivedBytes(record: DownloadRecord): Promise<number> {
    const sizes = await Promise.all(filesOf(record).map(({ parts }) => parts.sizeBytes()));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async function refuseWithoutStorage(record: DownloadRecord, received: number): Promise<void> {
    const { usedBytes, quotaBytes } = await store.usage();
    const needed = totalSize(record.files) - received + record.keptBytes;
    if (quotaBytes === null || needed <= quotaBytes - usedBytes) return;
    const free = Math.max(0, quotaBytes - usedBytes);
    throw new LabError('storage/full', `${megabytes(needed - free)} of room are missing here for this model.`, {
      expected: `${megabytes(needed)} free, for what is to be downloaded and the model made of it`,
      got: megabytes(free),
    });
  }

  /** A job that works on a download; the download shows it. */
  function working<Value>(
    id: string,
    label: string,
    work: (report: ReportProgress) => Promise<Value>,
    cancelling?: Cancelling,
  ): Promise<Value> {
    return labStore.during(
      label,
      (report, jobId) => {
        change(id, { jobId });
        return work(report);
      },
      cancelling?.cancel,
    );
  }

  async function receiveAll(record: DownloadRecord, cancelling: Cancelling, report: ReportProgress): Promise<void> {
    const hub = hubAt(record.hub);
    const onBytes = throttledProgress(report, totalSize(record.files), await receivedBytes(record));
    for (const { file, parts, before } of filesOf(record)) {
      if (cancelling.isCancelled()) return;
      const receiving: Receiving = {
        file,
        parts,
        open: (from) => hub.open(record, file.name, from, cancelling.cancelled),
        isCancelled: cancelling.isCancelled,
        onBytes: (here) => onBytes(before + here),
      };
      await receiveFile(receiving);
    }
  }

  async function verifyAll(record: DownloadRecord, cancelling: Cancelling, report: ReportProgress) {
    const files: NamedBytes[] = [];
    const onBytes = throttledProgress(report, totalSize(record.files), 0);
    for (const { file, parts, before } of filesOf(record)) {
      if (cancelling.isCancelled()) return null;
      const bytes = await verifiedFile({ file, parts, onBytes: (here) => onBytes(before + here) });
      files.push({ name: file.name, bytes });
    }
    return files;
  }

  async function bringIn(record: DownloadRecord): Promise<string | null> {
    const { repository } = record.source;
    const cancelling = createCancelling();
    const receive = (report: ReportProgress) => receiveAll(record, cancelling, report);
    try {
      await working(record.id, `Downloading ${repository}`, receive, cancelling);
    } catch (error) {
      // Whatever way the request ended in, it was asked to end.
      if (!cancelling.isCancelled()) throw error;
    }
    if (cancelling.isCancelled()) return null;
    const verify = (report: ReportProgress) => verifyAll(record, cancelling, report);
    const files = await working(record.id, `Verifying ${repository}`, verify, cancelling);
    if (files === null) return null;
    const name = repository.slice(repository.indexOf('/') + 1);
    const takeIn = () => models.add(name, false, files, record.source);
    return working(record.id, `Taking in ${repository}`, takeIn);
  }

  return {
    async restore() {
      const { records, unreadable } = await listDownloadRecords(store);
      const downloads: ModelDownload[] = [];
      for (const record of records) downloads.push({ record, receivedBytes: await receivedBytes(record), jobId: null });
      labStore.update(() => ({ downloads }));
      const [first] = unreadable;
      if (first !== undefined) throw first;
    },

    async lookUp(repository, revision) {
      const address = labStore.getState().machine.hub ?? publicHub;
      const hub = hubAt(address);
      const cancelling = createCancelling();
      const look = async (): Promise<HubModel> => {
        const found = await hub.list(repository.trim(), revision.trim(), cancelling.cancelled);
        const files = neededFiles(found);
        const [config] = files;
        const configFile = { name: config.name, bytes: await small(hub, found, config, cancelling) };
        const encoder = await client.call('describeEncoder', configFile);
        return { download: downloadOf(address, found, files, encoder.parameterCount), encoder, configFile };
      };
      try {
        const found = await labStore.during(`Looking up ${repository}`, look, cancelling.cancel);
        return cancelling.isCancelled() ? null : found;
      } catch (error) {
        if (cancelling.isCancelled()) return null;
        throw error;
      }
    },

    async download(record) {
      const known = labStore.getState().downloads.find((one) => one.record.id === record.id);
      if (known !== undefined && known.jobId !== null) throw busyError(record);
      const received = await receivedBytes(record);
      await refuseWithoutStorage(record, received);
      if (known === undefined) {
        await writeDownloadRecord(store, record);
        labStore.update(({ downloads }) => ({
          downloads: [...downloads, { record, receivedBytes: received, jobId: null }],
        }));
      }
      try {
        const modelId = await bringIn(record);
        if (modelId === null) return null;
        await removeDownload(store, record.id);
        forget(record.id);
        return modelId;
      } finally {
        change(record.id, { jobId: null, receivedBytes: await receivedBytes(record) });
      }
    },

    async discard(downloadId) {
      const known = labStore.getState().downloads.find(({ record }) => record.id === downloadId);
      if (known === undefined) return;
      if (known.jobId !== null) throw busyError(known.record);
      await removeDownload(store, downloadId);
      forget(downloadId);
    },
  };
}

/** Config, weights and tokenizer, in this order. Throws LabError `hub/listing` where the hub tells no digest of one. */
function neededFiles({ chosen, files }: HubRepository): readonly [HubFile, ...HubFile[]] {
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
  // One safetensors file is kept as it comes; anything else is written anew in F32.
  const keptBytes = chosen.form === 'safetensors' ? sizeBytes : 4 * parameterCount;
  return { version: 1, id, hub, source, files: [...files], keptBytes };
}

/** A file that is read at once, through a store of its own that is gone afterwards. */
async function small(hub: HubClient, found: HubRepository, file: HubFile, { cancelled, isCancelled }: Cancelling) {
  const parts = fileParts(memory(), 'small', 0);
  const open = (from: number) => hub.open(found, file.name, from, cancelled);
  await receiveFile({ file, parts, open, isCancelled, onBytes: () => undefined });
  return verifiedFile({ file, parts, onBytes: () => undefined });
}

function busyError({ source }: DownloadRecord): LabError {
  return new LabError('hub/busy', `${source.repository} is being downloaded already.`);
}
