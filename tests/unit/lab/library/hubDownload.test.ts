// Proves that models are downloaded from a hub byte for byte, whatever interrupts them, and that files unlike the hub's listing are rejected.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { receiveFile, verifiedFile } from '../../../../src/lab/library/downloads.ts';
import type { HubModel, Lab } from '../../../../src/lab/state/labState.ts';
import { defaultMachineSettings } from '../../../../src/schema/machineSettings.ts';
import { fileParts, readModelFile } from '../../../../src/storage/modelRecords.ts';
import { memory, type Store } from '../../../../src/storage/store.ts';
import { runningDigest } from '../../../../src/util/digest.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { publicHub, type RequestFile } from '../../../../src/wire/requestFile.ts';
import { requestFile } from '../../../../workers/publicFiles.ts';
import { bertFolder } from '../../../fixtures/bertFolders.ts';
import { hubCommit, hubServer, type HubServer, type ServedFile } from '../../../fixtures/hub/hubServer.ts';
import { closeLabs, openLab } from '../../../fixtures/labBench.ts';
import { modelFolder } from '../../../fixtures/modelFolders.ts';

const repository = 'moss/tiny-model';
const weights = modelFolder('f16').find(({ name }) => name === 'model.safetensors')?.bytes ?? new Uint8Array();
const hubs: HubServer[] = [];

afterEach(async () => {
  closeLabs();
  for (const hub of hubs.splice(0)) await hub.close();
});

async function served(files?: Readonly<Record<string, ServedFile>>): Promise<HubServer> {
  const whole = Object.fromEntries(modelFolder('f16').map(({ name, bytes }) => [name, bytes]));
  const other = { 'README.md': new Uint8Array(9), 'onnx/model.safetensors': new Uint8Array(5), 'tf_model.h5': weights };
  const hub = await hubServer(repository, files ?? { ...other, ...whole });
  hubs.push(hub);
  return hub;
}

async function labOn({ address }: Pick<HubServer, 'address'>, store: Store = memory()) {
  const bench = await openLab({ requestFile, store });
  await bench.lab.setMachine({ ...defaultMachineSettings, hub: address });
  return bench;
}

async function lookedUp(lab: Lab): Promise<HubModel> {
  const found = await lab.lookUpModel(repository, 'main');
  if (found === null) throw new Error('looking up was cancelled');
  return found;
}

async function refusal(work: Promise<unknown>): Promise<LabError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof LabError) return error;
  throw new Error(`no LabError but ${String(error)}`);
}

function bytesHere(lab: Lab): readonly number[] {
  return lab.getState().downloads.map(({ receivedBytes }) => receivedBytes);
}

describe('looking a model up', () => {
  it('sends no request before, then requests only the list and the configuration', async () => {
    const hub = await served();
    const { lab } = await labOn(hub);
    expect(hub.asked).toEqual([]);
    const { download, encoder } = await lookedUp(lab);
    expect(hub.asked).toEqual([`api ${repository} main`, 'config.json']);
    expect(download.source).toEqual({ repository, revision: 'main', commit: hubCommit });
    expect(download.files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    expect(download.files[1]).toMatchObject({ sizeBytes: weights.byteLength, digest: { kind: 'sha256' } });
    expect(encoder).toMatchObject({ layers: 2, parameterCount: 100 });
    expect(lab.getState()).toMatchObject({ downloads: [], jobs: [] });
  });

  it('finds a BERT with vocab.txt alone', async () => {
    const files = Object.fromEntries(bertFolder('bin').map(({ name, bytes }) => [name, bytes]));
    const { lab } = await labOn(await served(files));
    const { download } = await lookedUp(lab);
    const names = ['config.json', 'pytorch_model.bin', 'vocab.txt', 'tokenizer_config.json'];
    expect(download.files.map(({ name }) => name)).toEqual(names);
    expect(await lab.downloadModel(download)).not.toBeNull();
  });

  it('is a job that can be cancelled while the hub does not respond', async () => {
    const hub = await served();
    hub.faults = { stallAfter: 100 };
    const { lab } = await labOn(hub);
    const looking = lab.lookUpModel(repository, 'main');
    await expect.poll(() => hub.asked).toContain('config.json');
    for (const { id, cancellable } of lab.getState().jobs) if (cancellable === true) lab.cancelJob(id);
    expect(await looking).toBeNull();
    expect(lab.getState()).toMatchObject({ jobs: [], notices: [], downloads: [] });
  });

  it('encodes a revision with slashes as one path segment', async () => {
    const hub = await served();
    const { lab } = await labOn(hub);
    await lab.lookUpModel(` ${repository} `, 'refs/pr/1');
    expect(hub.asked[0]).toBe(`api ${repository} refs/pr/1`);
  });

  it.each([
    ['a name of three parts', 'a/b/c', 'main', 'hub/name'],
    ['a way up', '../secrets', 'main', 'hub/name'],
    ['no revision', repository, ' ', 'hub/name'],
    ['a repository that is not there', 'moss/other', 'main', 'hub/missing'],
  ])('refuses %s', async (_what, name, revision, code) => {
    const { lab } = await labOn(await served());
    expect(await refusal(lab.lookUpModel(name, revision))).toMatchObject({ code });
  });

  it.each([
    [401, 'hub/refused'],
    [403, 'hub/refused'],
    [404, 'hub/missing'],
    [429, 'hub/limit'],
    [503, 'hub/status'],
  ])('says what status %i means', async (status, code) => {
    const hub = await served();
    const { lab } = await labOn(hub);
    hub.faults = { status };
    expect(await refusal(lab.lookUpModel(repository, 'main'))).toMatchObject({ code, got: `HTTP status ${status}` + (status === 429 ? ', to wait for a time it did not tell' : '') }); // prettier-ignore
    expect(hub.asked).toHaveLength(1);
  });

  it('waits once for as long as a rate-limiting hub requests', async () => {
    const hub = await served();
    const { lab } = await labOn(hub);
    hub.faults = { retryAfter: 0 };
    await lookedUp(lab);
    expect(hub.asked.map((asked) => asked.slice(0, 3))).toEqual(['429', 'api', 'con']);
    hub.faults = { retryAfter: 3600 };
    expect(await refusal(lab.lookUpModel(repository, 'main'))).toMatchObject({ code: 'hub/limit' });
  });

  it('reports an unreachable hub and an invalid address', async () => {
    const { lab } = await labOn({ address: 'http://127.0.0.1:9' });
    expect(await refusal(lab.lookUpModel(repository, 'main'))).toMatchObject({ code: 'hub/unreachable' });
    await lab.setMachine({ ...defaultMachineSettings, hub: 'hub.example' });
    expect(await refusal(lab.lookUpModel(repository, 'main'))).toMatchObject({ code: 'hub/address', expected: publicHub }); // prettier-ignore
    const { lab: offline } = await openLab();
    expect(await refusal(offline.lookUpModel(repository, 'main'))).toMatchObject({ code: 'hub/unreachable' });
  });

  it('rejects a repository without a model, and a response that is not a list', async () => {
    const config = modelFolder('f16').find(({ name }) => name === 'config.json')?.bytes ?? new Uint8Array();
    const { lab } = await labOn(await served({ 'config.json': config, 'tf_model.h5': weights }));
    const error = await refusal(lab.lookUpModel(repository, 'main'));
    expect(error).toMatchObject({ code: 'hub/incomplete', got: 'config.json, tf_model.h5' });
    expect(error.expected).toContain('tokenizer.json');
    const page = { status: 200, header: () => null, pieces: pieces(new TextEncoder().encode('<html>')), drop: () => undefined }; // prettier-ignore
    const { lab: other } = await openLab({ requestFile: () => Promise.resolve(page) });
    expect(await refusal(other.lookUpModel(repository, 'main'))).toMatchObject({ code: 'hub/listing' });
  });
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield Promise.resolve(bytes);
}

describe('a download', () => {
  it('imports the model with its source, and leaves nothing else behind', async () => {
    const hub = await served();
    const { lab, store } = await labOn(hub);
    const { download } = await lookedUp(lab);
    const modelId = await lab.downloadModel(download);
    expect(lab.getState().models).toMatchObject([{ id: modelId, name: 'tiny-model', source: download.source }]);
    expect(hub.asked.slice(2)).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
    for (const { name, bytes } of modelFolder('f16')) {
      expect(await readModelFile(store, modelId ?? '', name)).toEqual(bytes);
    }
    expect(lab.getState()).toMatchObject({ downloads: [], jobs: [] });
    expect(await store.keys('download/')).toEqual([]);
  });

  it('resumes after a broken connection and a reload, from the bytes it has', async () => {
    const hub = await served();
    const store = memory();
    const { lab } = await labOn(hub, store);
    const { download } = await lookedUp(lab);
    hub.faults = { breakAfter: 10_000 };
    expect(await refusal(lab.downloadModel(download))).toMatchObject({ code: 'hub/interrupted' });
    const config = download.files[0]?.sizeBytes ?? NaN;
    expect(bytesHere(lab)).toEqual([config + 10_000]);

    const { lab: reloaded } = await labOn(hub, store);
    expect(reloaded.getState().downloads).toMatchObject([{ record: download, receivedBytes: config + 10_000, jobId: null }]); // prettier-ignore
    hub.asked.length = 0;
    const modelId = await reloaded.downloadModel(download);
    expect(hub.asked).toEqual(['model.safetensors 10000-', 'tokenizer.json']);
    expect(await readModelFile(store, modelId ?? '', 'model.safetensors')).toEqual(weights);
    expect(await store.keys('download/')).toEqual([]);
  });

  it('is a job that can be cancelled, resumed and discarded', async () => {
    const hub = await served();
    const { lab, store } = await labOn(hub);
    const { download } = await lookedUp(lab);
    let seen = false;
    const leave = lab.subscribe(() => {
      const [one] = lab.getState().downloads;
      const job = lab.getState().jobs.find(({ id }) => id === one?.jobId);
      if (job === undefined || job.done === 0 || seen) return;
      seen = true;
      expect(job).toMatchObject({ label: `Downloading ${repository}`, cancellable: true });
      expect(job.remainingMs).toBeGreaterThanOrEqual(0);
      lab.cancelJob(job.id);
    });
    expect(await lab.downloadModel(download)).toBeNull();
    leave();
    expect(seen).toBe(true);
    expect(lab.getState()).toMatchObject({ models: [], jobs: [], notices: [], downloads: [{ jobId: null }] });
    await lab.discardDownload(download.id);
    expect(lab.getState().downloads).toEqual([]);
    expect(await store.keys('download/')).toEqual([]);
    expect(await lab.downloadModel(download)).not.toBeNull();
  });

  it.each(['no headers', 'a wait'])('can be cancelled while there is %s yet', async (what) => {
    const hub = await served();
    const { download } = await lookedUp((await labOn(hub)).lab);
    const requested: string[] = [];
    const waiting: RequestFile = async (address, { signal }) => {
      requested.push(address);
      if (what === 'a wait' && requested.length === 1) return { status: 429, header: () => '60', pieces: pieces(new Uint8Array()), drop: () => undefined }; // prettier-ignore
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve());
      });
      throw new Error('aborted');
    };
    const { lab } = await openLab({ requestFile: waiting });
    const downloading = lab.downloadModel(download);
    await expect.poll(() => requested).toHaveLength(1);
    for (const { id } of lab.getState().jobs) lab.cancelJob(id);
    expect(await downloading).toBeNull();
    expect(lab.getState()).toMatchObject({ models: [], jobs: [], notices: [], downloads: [{ jobId: null }] });
  });

  it.each([
    [200, 'storage/full'],
    [416, 'hub/size'],
  ])('lets go of an answer of status %i that is not read to its end', async (status, code) => {
    let drops = 0;
    const parts = fileParts(memory(), 'd', 0);
    const receiving = receiveFile({
      file: { name: 'any', sizeBytes: 4, digest: { kind: 'gitBlob', hex: '' } },
      parts: { ...parts, write: () => Promise.reject(new LabError('storage/full', 'full')) },
      open: () => Promise.resolve({ status, header: () => null, pieces: pieces(new Uint8Array(4)), drop: () => void drops++ }), // prettier-ignore
      signal: new AbortController().signal,
      onBytes: () => undefined,
    });
    expect(await refusal(receiving)).toMatchObject({ code });
    expect(drops).toBe(1);
  });

  it.each(['model.safetensors', 'tokenizer.json'])(
    'is refused with a wrong digest of %s, which comes anew',
    async (name) => {
      const hub = await served();
      const { lab, store } = await labOn(hub);
      const { download } = await lookedUp(lab);
      const file = download.files.find((one) => one.name === name);
      hub.faults = { corrupt: name };
      const error = await refusal(lab.downloadModel(download));
      expect(error.code).toBe('hub/digest');
      expect(error.expected).toContain(file?.digest.hex);
      expect(error.got).toMatch(/^([0-9a-f]{40}|[0-9a-f]{64})$/);
      const others = download.files.filter((one) => one !== file).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      expect(bytesHere(lab)).toEqual([others]);
      hub.faults = {};
      hub.asked.length = 0;
      const modelId = await lab.downloadModel(download);
      expect(hub.asked).toEqual([name]);
      expect(await readModelFile(store, modelId ?? '', 'model.safetensors')).toEqual(weights);
    },
  );

  it('is refused when a file ends early, at first or after a break', async () => {
    const hub = await served();
    const { lab, store } = await labOn(hub);
    const { download } = await lookedUp(lab);
    const { name = '', sizeBytes = NaN } = download.files[0] ?? {};
    hub.faults = { truncate: 7 };
    const short = { code: 'hub/size', expected: `${sizeBytes} bytes`, got: `${sizeBytes - 7} bytes, then the end` };
    expect(await refusal(lab.downloadModel(download))).toMatchObject(short);
    expect(bytesHere(lab)).toEqual([0]);
    hub.faults = { breakAfter: sizeBytes - 5 };
    expect(await refusal(lab.downloadModel(download))).toMatchObject({ code: 'hub/interrupted' });
    hub.faults = { truncate: 7 };
    expect(await refusal(lab.downloadModel(download))).toMatchObject({ code: 'hub/size', got: `at most ${sizeBytes - 5} bytes` }); // prettier-ignore
    expect(hub.asked.at(-1)).toBe(`${name} ${sizeBytes - 5}-`);
    expect(await store.keys(`download/${download.id}/part/`)).toEqual([]);
  });

  it('restarts a file with a server without range support, and rejects a range other than the requested one', async () => {
    const hub = await served();
    const { lab, store } = await labOn(hub);
    const { download } = await lookedUp(lab);
    hub.faults = { breakAfter: 10_000 };
    await refusal(lab.downloadModel(download));
    hub.faults = { rangeOffBy: 16 };
    expect(await refusal(lab.downloadModel(download))).toMatchObject({ code: 'hub/range', expected: `bytes 10000-${weights.byteLength - 1}/${weights.byteLength}` }); // prettier-ignore
    hub.faults = { breakAfter: 10_000 };
    await refusal(lab.downloadModel(download));
    // Without a Content-Range header, the digest reveals it.
    hub.faults = { rangeOffBy: -16, hideRange: true };
    expect(await refusal(lab.downloadModel(download))).toMatchObject({ code: 'hub/size' });
    hub.faults = { breakAfter: 10_000 };
    await refusal(lab.downloadModel(download));
    hub.faults = { withoutRanges: true };
    const modelId = await lab.downloadModel(download);
    expect(await readModelFile(store, modelId ?? '', 'model.safetensors')).toEqual(weights);
  });

  it('is not started without enough storage, and says how much is missing', async () => {
    const hub = await served();
    const quotaBytes = 30_000_000;
    const store: Store = { ...memory(), usage: () => Promise.resolve({ usedBytes: 29_999_000, quotaBytes }) };
    const { lab } = await labOn(hub, store);
    const { download } = await lookedUp(lab);
    const error = await refusal(lab.downloadModel(download));
    expect(error).toMatchObject({ code: 'storage/full', got: '1 MB' });
    expect(error.message).toContain('MB of room are missing');
    expect(hub.asked).toHaveLength(2);
    expect(await store.keys('download/')).toEqual([]);
  });
});

describe('any sequence of interruptions', () => {
  it('gives the same bytes, each requested once', async () => {
    const interruption = fc.record({
      /** Bytes after which it happens. */
      after: fc.nat({ max: 120 }),
      how: fc.constantFrom('break' as const, 'cancel' as const),
    });
    const contents = fc.uint8Array({ minLength: 1, maxLength: 400 });
    await fc.assert(
      fc.asyncProperty(
        contents,
        fc.array(interruption, { maxLength: 8 }),
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 1, max: 60 }),
        async (content, interruptions, partBytes, pieceBytes) => {
          const running = runningDigest('gitBlob', content.byteLength);
          running.update(content);
          const file = { name: 'any', sizeBytes: content.byteLength, digest: { kind: 'gitBlob' as const, hex: running.hex() } }; // prettier-ignore
          const store = memory();
          const froms: number[] = [];
          let sent = 0;
          for (const { after, how } of [...interruptions, null].map(
            (one) => one ?? { after: Infinity, how: 'break' },
          )) {
            const parts = fileParts(store, 'd', 0); // as after a reload
            const here = await parts.sizeBytes();
            expect(here).toBe(sent);
            const abort = new AbortController();
            async function* body(from: number): AsyncGenerator<Uint8Array, void> {
              for (let at = from; at < content.byteLength;) {
                const end = Math.min(at + pieceBytes, from + after, content.byteLength);
                if (end === at) {
                  if (how === 'break') throw new LabError('hub/interrupted', 'broken');
                  abort.abort();
                  return;
                }
                sent = end;
                yield Promise.resolve(content.slice(at, end));
                at = end;
              }
            }
            await receiveFile({
              file,
              parts,
              partBytes,
              signal: abort.signal,
              onBytes: () => undefined,
              open: (from) => {
                froms.push(from);
                return Promise.resolve({ status: from > 0 ? 206 : 200, header: () => null, pieces: body(from), drop: () => undefined }); // prettier-ignore
              },
            }).catch((error: unknown) => expect(error).toMatchObject({ code: 'hub/interrupted' }));
          }
          expect(froms).toEqual([...froms].sort((left, right) => left - right));
          expect(await verifiedFile({ file, parts: fileParts(store, 'd', 0), onBytes: () => undefined })).toEqual(
            content,
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});
