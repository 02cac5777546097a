// Lists tagged documents and the mentions of one as tables, with offsets and confidences.
import { useMemo, useState } from 'react';
import { DEFAULT_LINKING, type LinkAnswer } from '../../data/dictionary/linker.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import { Pager } from '../parts/Pager.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { TypeLabel } from '../parts/TypeLabel.tsx';
import { format } from '../shared/format.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';
import { usePageOf } from '../shared/viewState.ts';

const PAGE_SIZE = 25;

interface MentionTableProps {
  readonly document: AnnotatedDocument;
  readonly types: readonly string[];
  /** The dictionary that mentions are linked by; null for none. */
  readonly dictionaryId: string | null;
}

/** Lists the mentions of one document, in text order or least confident first. */
export function MentionTable({ document, types, dictionaryId }: MentionTableProps) {
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
  const shown = mentions.slice(first, first + PAGE_SIZE);
  const wanted = shown.map(({ type, start, end }) => ({ text: document.text.slice(start, end), type }));
  const query =
    dictionaryId === null ? null : { dictionaryId, mentions: wanted, options: { ...DEFAULT_LINKING, types } };
  const hasIds = dictionaryId !== null || document.mentions.some(({ isLinkChosen }) => isLinkChosen === true);
  const links = shownAnswer(useAnalysis('links', query))?.links;
  return (
    <div className="browser">
      <div className="filters">
        <label className="check">
          <input type="checkbox" checked={doubtfulFirst} onChange={(event) => setDoubtfulFirst(event.target.checked)} />
          Least confident first
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
              {hasIds && <th scope="col">Id</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map(({ type, start, end, confidence, link, isLinkChosen }, index) => (
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
                {hasIds && (
                  <td>
                    {isLinkChosen === true ? chosenWords(link) : dictionaryId !== null && idWords(links?.[index])}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </TableBox>
      )}
    </div>
  );
}

function chosenWords(link: AnnotatedMention['link']): string {
  return link === undefined ? 'none, chosen by you' : `${link.id} ${link.name ?? ''}, chosen by you`;
}

function idWords(answer: LinkAnswer | undefined): string {
  if (answer === undefined) return '…';
  if (answer.id === null) return answer.isAmbiguous ? 'several' : '–';
  return `${answer.id} ${answer.candidates[0]?.name ?? ''}`;
}

const DOCUMENTS_PER_PAGE = 20;

interface DocumentTableProps {
  readonly documents: readonly AnnotatedDocument[];
  /** Index of the open document. */
  readonly open: number;
  readonly onOpen: (index: number) => void;
}

/** Lists the documents of a batch, a page at a time, each opened by a button. */
export function DocumentTable({ documents, open, onOpen }: DocumentTableProps) {
  const [first, goTo] = usePageOf(DOCUMENTS_PER_PAGE);
  return (
    <div className="browser">
      <Pager
        first={first}
        size={DOCUMENTS_PER_PAGE}
        total={documents.length}
        noun="document"
        none="None yet"
        onGo={goTo}
      />
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
          {documents.slice(first, first + DOCUMENTS_PER_PAGE).map(({ id, sentences, mentions }, offset) => (
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
