// Makes networks of words from stored corpora and a file of vectors, and stores them as models of the library.
import { baselineForms } from '../src/data/words/baselines.ts';
import { readCorpusSentences } from '../src/storage/corpusRecords.ts';
import type { Store } from '../src/storage/store.ts';
import { importModel } from '../src/training/importModel.ts';
import { makeBaseline } from '../src/training/words/makeBaseline.ts';
import { macrotask } from '../src/util/clock.ts';
import { drain, unlessAborted } from '../src/util/work.ts';
import type { BaselineMade, BaselineRequest, RunEvent, VectorsFile } from '../src/wire/trainingProtocol.ts';

type Turn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Needs the device only to train language models, so that it works beside a run. */
export class BaselineMaking {
  private readonly store: Store;
  private readonly emit: (event: RunEvent) => void;
  private readonly turn: Turn;
  private readonly underWay = new Map<string, AbortController>();

  /** `turn` does work when the device is free. */
  constructor(store: Store, emit: (event: RunEvent) => void, turn: Turn) {
    this.store = store;
    this.turn = turn;
    this.emit = emit;
  }

  /** Returns the model, which is in the library then; null when interrupted. Throws `vectors/...`, `model/...` and what storage throws; then nothing is stored. */
  async make(request: BaselineRequest): Promise<BaselineMade | null> {
    const abort = new AbortController();
    this.underWay.set(request.id, abort);
    try {
      const made = () => this.made(request, abort.signal);
      const trains = baselineForms[request.form].language !== undefined && !('files' in (request.language ?? {}));
      return await unlessAborted(abort.signal, () => (trains ? this.turn(made) : made()));
    } finally {
      this.underWay.delete(request.id);
    }
  }

  /** Does nothing if no such work is under way. */
  interrupt(id: string): void {
    this.underWay.get(id)?.abort();
  }

  /** Reads the corpora, makes the files with progress in bytes, and stores them as any dropped model. */
  private async made({ id, name, form, corpora, vectors, firstWords, language }: BaselineRequest, signal: AbortSignal) {
    signal.throwIfAborted();
    const texts = [];
    for (const corpus of corpora) {
      texts.push({ name: corpus.name, sentences: await readCorpusSentences(this.store, corpus.id) });
    }
    const file = vectors && { name: vectors.name, sizeBytes: vectors.sizeBytes, stream: () => streamOf(vectors.bytes) };
    const making = makeBaseline({ form, corpora: texts, vectors: file, firstWords, language }, signal);
    const { files, origin } = await drain(making, async (progress) => {
      this.emit({ kind: 'predicting', runId: id, ...progress });
      await macrotask();
      signal.throwIfAborted();
    });
    return { record: await importModel(this.store, name, false, files), origin };
  }
}

/** Opens what came with the call: a blob can be read again, a stream only once. */
function streamOf(bytes: VectorsFile['bytes']): ReadableStream<Uint8Array<ArrayBuffer>> {
  return bytes instanceof Blob ? bytes.stream() : bytes;
}
