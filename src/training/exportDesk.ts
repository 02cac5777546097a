// Exports of trained taggers under way: opened, drawn chunk by chunk by whoever wants them, closed.
import type { ExportedFile, TaggerExport } from '../schema/taggerExport.ts';
import type { Store } from '../storage/store.ts';
import { LabError } from '../util/labError.ts';
import { exportTagger, type OpenedExport } from './exportTagger.ts';

export interface ExportDesk {
  open(request: TaggerExport): Promise<{ readonly exportId: number; readonly files: readonly ExportedFile[] }>;
  /** The next bytes of an export's files in turn; null at the end, which closes it. Throws LabError `export/closed` for one that is not open. */
  next(exportId: number): { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | null;
  /** Gives an export up; nothing for one that is not open. */
  close(exportId: number): void;
}

/** `program` gives the text of tag.py. */
export function exportDesk(store: Store, program: () => Promise<string>): ExportDesk {
  const open = new Map<number, ReturnType<OpenedExport['chunks']>>();
  let lastId = 0;
  return {
    async open(request) {
      const { files, chunks } = await exportTagger(store, request, await program());
      const exportId = ++lastId;
      open.set(exportId, chunks());
      return { exportId, files };
    },
    next(exportId) {
      const chunks = open.get(exportId);
      if (chunks === undefined) throw new LabError('export/closed', 'The export is not open.', { got: `${exportId}` });
      const next = chunks.next();
      if (next.done !== true) return next.value;
      open.delete(exportId);
      return null;
    },
    close: (exportId) => void open.delete(exportId),
  };
}
