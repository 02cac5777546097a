// The result files that came from elsewhere.
import { LabError } from '../util/labError.ts';
import { removeResult, writeResultRecord } from '../storage/resultRecords.ts';
import type { Store } from '../storage/store.ts';
import type { Board } from './board.ts';
import type { ImportedResult } from './labState.ts';
import { parseResultFile } from './resultFile.ts';

export interface ResultShelf {
  /** Takes in the text of a result file and answers with its id, the start of its checksum. Throws `result/...` or `storage/full`. */
  add(fileName: string, text: string): Promise<string>;
  remove(resultId: string): Promise<void>;
}

export function createResultShelf({ store, board }: { readonly store: Store; readonly board: Board }): ResultShelf {
  return {
    async add(fileName, text) {
      const file = parseResultFile(text);
      const result: ImportedResult = { id: file.checksum.slice(0, 16), fileName, file };
      const held = board.getState().results.find(({ id }) => id === result.id);
      if (held !== undefined) {
        board.notify('info', `The result file ${fileName} is already here as ${held.fileName}.`);
        return held.id;
      }
      await writeResultRecord(store, result);
      board.update(({ results }) => ({ results: [...results, result] }));
      return result.id;
    },
    async remove(resultId) {
      const { results } = board.getState();
      if (!results.some(({ id }) => id === resultId)) {
        throw new LabError('result/unknown', 'There is no such imported result.', { got: resultId });
      }
      await removeResult(store, resultId);
      board.update((state) => ({ results: state.results.filter(({ id }) => id !== resultId) }));
    },
  };
}
