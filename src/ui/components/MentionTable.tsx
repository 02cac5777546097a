// The mentions of one document as a list, in the order of the text or the least sure first.
import { useMemo, useState } from 'react';
import type { AnnotatedDocument } from '../../data/annotatedDocument.ts';
import { format } from '../format.ts';
import { Pager } from './Pager.tsx';
import { TableBox } from './TableBox.tsx';
import { TypeLabel } from './TypeLabel.tsx';

const PAGE_SIZE = 25;

export interface MentionTableProps {
  readonly document: AnnotatedDocument;
  readonly types: readonly string[];
}

export function MentionTable({ document, types }: MentionTableProps) {
  const [item, setItem] = useState(0);
  const [doubtfulFirst, setDoubtfulFirst] = useState(false);
  const mentions = useMemo(
    () =>
      doubtfulFirst
        ? document.mentions.toSorted((left, right) => (left.confidence ?? 1) - (right.confidence ?? 1))
        : document.mentions,
    [document, doubtfulFirst],
  );
  const total = mentions.length;
  const first = Math.floor(Math.min(item, Math.max(0, total - 1)) / PAGE_SIZE) * PAGE_SIZE;
  return (
    <div className="browser">
      <div className="filters">
        <label className="check">
          <input type="checkbox" checked={doubtfulFirst} onChange={(event) => setDoubtfulFirst(event.target.checked)} />
          Least sure first
        </label>
      </div>
      <Pager first={first} size={PAGE_SIZE} total={total} noun="mention" none="No mentions" onGo={setItem} />
      {total > 0 && (
        <TableBox label={`Mentions of ${document.id}`}>
          <thead>
            <tr>
              <th scope="col">Mention</th>
              <th scope="col">Type</th>
              <th scope="col" className="number">
                Start
              </th>
              <th scope="col" className="number">
                End
              </th>
              <th scope="col" className="number">
                Confidence
              </th>
            </tr>
          </thead>
          <tbody>
            {mentions.slice(first, first + PAGE_SIZE).map(({ type, start, end, confidence }) => (
              <tr key={start}>
                <th scope="row" className="message">
                  {document.text.slice(start, end)}
                </th>
                <td>
                  <TypeLabel type={type} types={types} />
                </td>
                <td className="number">{format.count(start)}</td>
                <td className="number">{format.count(end)}</td>
                <td className="number">{format.confidence(confidence)}</td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
    </div>
  );
}
