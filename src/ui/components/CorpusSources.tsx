// The files a corpus was read from, how each was understood, and the split it belongs to.
import { SPLITS, type Split } from '../../data/corpus.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { format } from '../format.ts';
import { useAct } from '../useAct.ts';
import { useLab } from '../useLab.ts';
import { goTo } from '../useRoute.ts';
import { TableBox } from './TableBox.tsx';

export function CorpusSources({ corpus }: { readonly corpus: CorpusRecord }) {
  const { lab } = useLab();
  const act = useAct();
  const move = (file: string, split: Split) =>
    void act(async () => {
      const corpusId = await lab.moveSource(corpus.id, file, split);
      goTo({ page: 'corpus', corpusId });
    });
  return (
    <TableBox label="Sources">
      <thead>
        <tr>
          <th scope="col">File</th>
          <th scope="col">Split</th>
          <th scope="col">Tag scheme</th>
          <th scope="col">Separator</th>
          <th scope="col">Columns</th>
          <th scope="col" className="number">
            Sentences
          </th>
          <th scope="col" className="number">
            Size
          </th>
        </tr>
      </thead>
      <tbody>
        {corpus.sources.map((source) => (
          <tr key={source.file}>
            <th scope="row" className="mono nowrap">
              {source.file}
            </th>
            <td>
              <select
                aria-label={`Split of ${source.file}`}
                value={source.split}
                disabled={corpus.builtIn}
                onChange={(event) => {
                  const split = SPLITS.find((candidate) => candidate === event.target.value);
                  if (split !== undefined) move(source.file, split);
                }}
              >
                {SPLITS.map((split) => (
                  <option key={split} value={split}>
                    {split}
                  </option>
                ))}
              </select>
            </td>
            {'format' in source ? (
              <td colSpan={3}>
                {source.format}, {format.counted(source.documents, 'document')}
              </td>
            ) : (
              <>
                <td>{source.scheme === 'none' ? <span className="faint">no mentions</span> : source.scheme}</td>
                <td>{source.separator}</td>
                <td className="nowrap">
                  token {source.tokenColumn + 1}, tag {source.tagColumn + 1}
                </td>
              </>
            )}
            <td className="number">{format.count(source.sentences)}</td>
            <td className="number">{format.bytes(source.sizeBytes)}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
