// The documents of a batch, a page at a time, each opened at a press.
import type { AnnotatedDocument } from '../../data/annotatedDocument.ts';
import { format } from '../format.ts';
import { usePageOf } from '../usePageOf.ts';
import { Pager } from './Pager.tsx';
import { TableBox } from './TableBox.tsx';

const PAGE_SIZE = 20;

export interface DocumentTableProps {
  readonly documents: readonly AnnotatedDocument[];
  /** Index of the one that is open. */
  readonly open: number;
  readonly onOpen: (index: number) => void;
}

export function DocumentTable({ documents, open, onOpen }: DocumentTableProps) {
  const [first, goTo] = usePageOf(PAGE_SIZE);
  return (
    <div className="browser">
      <Pager first={first} size={PAGE_SIZE} total={documents.length} noun="document" none="None yet" onGo={goTo} />
      <TableBox label="Documents">
        <thead>
          <tr>
            <th scope="col">Document</th>
            <th scope="col" className="number">
              Sentences
            </th>
            <th scope="col" className="number">
              Mentions
            </th>
          </tr>
        </thead>
        <tbody>
          {documents.slice(first, first + PAGE_SIZE).map(({ id, sentences, mentions }, offset) => (
            <tr key={id} className={first + offset === open ? 'chosen' : undefined}>
              <th scope="row">
                <button
                  type="button"
                  className="link"
                  aria-current={first + offset === open ? 'true' : undefined}
                  onClick={() => onOpen(first + offset)}
                >
                  {id}
                </button>
              </th>
              <td className="number">{format.count(sentences.length)}</td>
              <td className="number">{format.count(mentions.length)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
    </div>
  );
}
