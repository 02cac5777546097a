// One document with its mentions in colour, as strong as the tagger is sure of them, a page of sentences at a time.
import { memo, useMemo, useState, type CSSProperties } from 'react';
import type { AnnotatedDocument, AnnotatedMention } from '../../data/annotatedDocument.ts';
import { format } from '../format.ts';
import { sentenceParts, type SentencePart } from '../sentenceParts.ts';
import { typeClass } from '../typeClass.ts';
import { Pager } from './Pager.tsx';

const PAGE_SIZE = 25;

export interface TaggedDocumentProps {
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
              {parts.map((part, place) => (
                <Part key={place} part={part} types={types} />
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

/** How sure the tagger is, for the style sheet. */
function sureness({ confidence }: AnnotatedMention): CSSProperties {
  return { '--sure': String(confidence ?? 1) } as CSSProperties;
}
