// Shows a sentence with its mentions in colour, each with the name of its type.
import { Fragment, memo, type ReactNode } from 'react';
import type { Sentence } from '../../data/corpus/corpus.ts';
import { typeClass } from './TypeLabel.tsx';

/** Returns the indices of the tokens that a match of the text overlaps. */
export function matchedTokens(sentence: Sentence, text: string): ReadonlySet<number> {
  const touched = new Set<number>();
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return touched;
  const tokens = sentence.tokens.map((token) => token.toLowerCase());
  const joined = tokens.join(' ');
  for (let at = joined.indexOf(wanted); at >= 0; at = joined.indexOf(wanted, at + 1)) {
    let start = 0;
    tokens.forEach((token, index) => {
      if (start < at + wanted.length && start + token.length > at) touched.add(index);
      start += token.length + 1;
    });
  }
  return touched;
}

interface SentenceLineProps {
  readonly sentence: Sentence;
  readonly text: string;
  readonly types: readonly string[];
}

export const SentenceLine = memo(function SentenceLine({ sentence, text, types }: SentenceLineProps) {
  const matched = matchedTokens(sentence, text);
  const words = (start: number, end: number): ReactNode[] =>
    sentence.tokens.slice(start, end).map((token, offset) => (
      <Fragment key={start + offset}>
        {offset > 0 && ' '}
        {matched.has(start + offset) ? <b className="match">{token}</b> : token}
      </Fragment>
    ));
  const parts: ReactNode[] = [];
  let at = 0;
  for (const { type, start, end } of sentence.mentions) {
    if (start > at) parts.push(<Fragment key={`text-${at}`}>{words(at, start)} </Fragment>);
    parts.push(
      <Fragment key={`mention-${start}`}>
        <mark className={`mention ${typeClass(type, types)}`}>
          {words(start, end)}
          <span className="mention-type">{type}</span>
        </mark>{' '}
      </Fragment>,
    );
    at = end;
  }
  if (at < sentence.tokens.length)
    parts.push(<Fragment key={`text-${at}`}>{words(at, sentence.tokens.length)}</Fragment>);
  return <span className="sentence">{parts}</span>;
});
