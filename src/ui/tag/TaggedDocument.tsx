// Shows a document with its mentions in colour, stronger with higher confidence, a page of sentences at a time.
import { memo, useMemo, useState, type CSSProperties } from 'react';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/documents/document.ts';
import { Pager } from '../parts/Pager.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { typeClass, TypeLabel } from '../parts/TypeLabel.tsx';
import { format } from '../shared/format.ts';
import { usePageOf } from '../shared/viewState.ts';

interface SentencePart {
  readonly text: string;
  /** Null for text outside mentions. */
  readonly mention: AnnotatedMention | null;
}

/** Returns the original text of sentences `[first, end)`, each from first to last token, without white space between sentences. */
export function sentenceParts(
  { text, sentences, mentions }: AnnotatedDocument,
  first: number,
  end: number,
): readonly (readonly SentencePart[])[] {
  const from = sentences[first]?.[0]?.start ?? 0;
  let next = firstAtOrAfter(mentions, from);
  return sentences.slice(first, end).map((tokens) => {
    const parts: SentencePart[] = [];
    let at = tokens[0]?.start ?? 0;
    const last = tokens.at(-1)?.end ?? at;
    for (let mention = mentions[next]; mention !== undefined && mention.end <= last; mention = mentions[++next]) {
      if (mention.start > at) parts.push({ text: text.slice(at, mention.start), mention: null });
      parts.push({ text: text.slice(mention.start, mention.end), mention });
      at = mention.end;
    }
    if (at < last) parts.push({ text: text.slice(at, last), mention: null });
    return parts;
  });
}

/** Returns the index of the first mention that starts at or after `index`, by binary search. */
function firstAtOrAfter(mentions: readonly AnnotatedMention[], index: number): number {
  let low = 0;
  let high = mentions.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((mentions[middle]?.start ?? 0) < index) low = middle + 1;
    else high = middle;
  }
  return low;
}

const PAGE_SIZE = 25;

interface TaggedDocumentProps {
  readonly document: AnnotatedDocument;
  readonly types: readonly string[];
}

export const TaggedDocument = memo(function TaggedDocument({ document, types }: TaggedDocumentProps) {
  const [item, setItem] = useState(0);
  const total = document.sentences.length;
  const first = Math.floor(Math.min(item, Math.max(0, total - 1)) / PAGE_SIZE) * PAGE_SIZE;
  const sentences = useMemo(() => sentenceParts(document, first, first + PAGE_SIZE), [document, first]);
  return (
    <div className="browser tagged">
      <Pager first={first} size={PAGE_SIZE} total={total} noun="sentence" none="No text" onGo={setItem} />
      <ol className="sentences" aria-label={`Sentences of ${document.id}`}>
        {sentences.map((parts, offset) => (
          <li key={first + offset}>
            <span className="sentence-number">{format.count(first + offset + 1)}</span>
            <span className="sentence">
              {parts.map((part, position) => (
                <Part key={position} part={part} types={types} />
              ))}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
});

function Part({ part: { text, mention }, types }: { readonly part: SentencePart; readonly types: readonly string[] }) {
  if (mention === null) return text;
  return (
    <mark className={`mention sure ${typeClass(mention.type, types)}`} style={sureness(mention)} tabIndex={0}>
      {text}
      <span className="mention-type">{mention.type}</span>
      <span className="mention-confidence">{format.confidence(mention.confidence)}</span>
    </mark>
  );
}

/** Passes the confidence to the style sheet. */
function sureness({ confidence }: AnnotatedMention): CSSProperties {
  return { '--sure': String(confidence ?? 1) } as CSSProperties;
}

interface MentionTableProps {
  readonly document: AnnotatedDocument;
  readonly types: readonly string[];
}

/** Lists the mentions of one document, in text order or least confident first. */
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
