// A trained tagger's folder, drawn from the training server as a job that can be cancelled.
import type { ServerClient } from '../../workers/protocol.ts';
import type { TaggerExport } from '../schema/taggerExport.ts';
import { totalSize } from '../util/totalSize.ts';
import type { Board } from './board.ts';
import type { Lab } from './labState.ts';

/** What `Lab.exportTagger` does. */
export function createTaggerExport({
  client,
  board,
}: {
  readonly client: ServerClient;
  readonly board: Board;
}): Lab['exportTagger'] {
  return async (request, receive) => {
    let cancelled = false;
    const work = async (report: (done: number, total: number) => void): Promise<boolean> => {
      const { exportId, files } = await client.call('exportTagger', request);
      const total = totalSize(files);
      let done = 0;
      try {
        for (;;) {
          const chunk = cancelled ? null : await client.call('exportedBytes', exportId);
          if (chunk === null) return !cancelled;
          await receive(chunk);
          done += chunk.bytes.byteLength;
          report(done, total);
        }
      } finally {
        await client.call('closeExport', exportId);
      }
    };
    return board.during(labelOf(request), work, () => (cancelled = true));
  };
}

function labelOf({ tagger }: TaggerExport): string {
  return tagger.kind === 'snapshot' ? `Exporting the model of epoch ${tagger.epoch}` : 'Exporting a model';
}
