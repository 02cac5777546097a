// Has dropped files read: in a Worker where the lab is a page, in the same thread elsewhere.
import type { Store } from '../../storage/store.ts';
import type { DroppedFile } from '../../util/namedFile.ts';
import type {
  DictionaryContext,
  DropContext,
  DropReading,
  ReadDictionary,
  ReadingClient,
  SentFile,
  SilverCorpus,
  SilverOrder,
  TextReading,
} from '../../wire/readingProtocol.ts';
import type { ReadingControl } from './readDrop.ts';

/** Reads files as `readDrop` and `readTexts` do. */
export interface FileReader {
  readDrop(files: readonly DroppedFile[], context: DropContext, control: ReadingControl): Promise<DropReading>;
  readTexts(files: readonly DroppedFile[], control: ReadingControl): Promise<TextReading>;
  /** Reads and stores a file of terms as `storeDictionary` does. */
  readDictionary(file: DroppedFile, context: DictionaryContext, control: ReadingControl): Promise<ReadDictionary>;
  markTerms(order: SilverOrder, control: ReadingControl): Promise<SilverCorpus>;
}

/** Reads in the caller's thread, which is busy meanwhile. The code is loaded when it is needed, because a page reads in a Worker. */
export function readerInThread(store: Store): FileReader {
  const load = () => import('./readDrop.ts');
  const loadTerms = () => import('../dictionaries/storedDictionary.ts');
  return {
    readDrop: async (files, context, control) => (await load()).readDrop(files, context, store, control),
    readTexts: async (files, control) => (await load()).readTexts(files, control),
    readDictionary: async (file, context, control) => (await loadTerms()).storeDictionary(file, context, store, control), // prettier-ignore
    markTerms: async (order, control) => (await loadTerms()).markTerms(order, store, control),
  };
}

/** Opens a Worker for each reading, and ends it with the reading or when the signal is aborted, so that its memory is free again. */
export function readerInWorker(open: () => ReadingClient): FileReader {
  async function reading<Answer>(
    files: readonly DroppedFile[],
    { signal, report }: ReadingControl,
    ask: (client: ReadingClient, sent: readonly SentFile[]) => Promise<Answer>,
  ): Promise<Answer> {
    signal.throwIfAborted();
    const client = open();
    const close = (): void => client.close();
    client.onEvent(report);
    signal.addEventListener('abort', close, { once: true });
    try {
      return await ask(client, await sentFiles(files));
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }
  return {
    readDrop: (files, context, control) =>
      reading(files, control, (client, sent) => client.call('readDrop', { files: sent, context })),
    readTexts: (files, control) => reading(files, control, (client, sent) => client.call('readTexts', sent)),
    readDictionary: (dropped, context, control) =>
      reading([dropped], control, (client, [file]) => {
        if (file === undefined) throw new Error('A dictionary is one file.');
        return client.call('readDictionary', { file, context });
      }),
    markTerms: (order, control) => reading([], control, (client) => client.call('markTerms', order)),
  };
}

async function sentFiles(files: readonly DroppedFile[]): Promise<readonly SentFile[]> {
  const sent: SentFile[] = [];
  for (const file of files) sent.push({ path: file.path, content: file.blob ?? new Blob([await file.bytes()]) });
  return sent;
}
