// Serves the reading of dropped files, one call at a time, on a separate thread that ends with its client.
import { markTerms, storeDictionary } from '../src/lab/dictionaries/storedDictionary.ts';
import { readDrop, readTexts, type ReadingControl } from '../src/lab/library/readDrop.ts';
import type { Store } from '../src/storage/store.ts';
import { neverAborted, type Progress } from '../src/util/clock.ts';
import type { DroppedFile } from '../src/util/namedFile.ts';
import type { AnswerMessage, CallMessage, Wire } from '../src/wire/calls.ts';
import { serve, type ServerPort } from '../src/wire/port.ts';
import type { ReadingCalls, SentFile } from '../src/wire/readingProtocol.ts';

export interface ReadingServerOptions {
  readonly store: Store;
  readonly wire: Wire<AnswerMessage<Progress>, CallMessage<ReadingCalls>>;
}

/** Serves on `wire` until it is closed, which is also how a reading is cancelled; stores corpora and dictionaries in `store`. */
export function createReadingServer({ store, wire }: ReadingServerOptions): void {
  const control: ReadingControl = { signal: neverAborted, report: (progress) => port.emit(progress) };
  const port: ServerPort<Progress> = serve<ReadingCalls, Progress>(wire, {
    readDrop: ({ files, context }) => readDrop(files.map(droppedFile), context, store, control),
    readTexts: (files) => readTexts(files.map(droppedFile), control),
    readDictionary: ({ file, context }) => storeDictionary(droppedFile(file), context, store, control),
    markTerms: (order) => markTerms(order, store, control),
  });
}

function droppedFile({ path, content }: SentFile): DroppedFile {
  const bytes = async () => new Uint8Array(await content.arrayBuffer());
  return { path, sizeBytes: content.size, bytes, blob: content };
}
