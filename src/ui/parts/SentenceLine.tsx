// Shows a sentence with its mentions in colour, each with the name of its type.
import { Fragment, memo, type ReactNode } from 'react';
import type { Sentence } from '../../data/corpus/corpus.ts';
import { typeClass } from './TypeLabel.tsx';

export interface SentenceQuery {
  /** Substring of the tokens joined by spaces, ignoring case. Empty finds all. */
  readonly text: string;
  /** Only sentences with a mention of this type; null for any. */
  readonly type: string | null;
  readonly withMentions: boolean;
}

const loweredTexts = new WeakMap<readonly Sentence[], readonly string[]>();

/** Returns the indices of the matching sentences, in corpus order. */
export function searchSentences(sentences: readonly Sentence[], query: SentenceQuery): readonly number[] {
  const wanted = query.text.trim().toLowerCase();
  const texts = wanted === '' ? [] : lowered(sentences);
  const found: number[] = [];
  sentences.forEach(({ mentions }, index) => {
    if (query.withMentions && mentions.length === 0) return;
    if (query.type !== null && !mentions.some((mention) => mention.type === query.type)) return;
    if (wanted !== '' && !texts[index]?.includes(wanted)) return;
    found.push(index);
  });
  return found;
}

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

function lowered(sentences: readonly Sentence[]): readonly string[] {
  const known = loweredTexts.get(sentences);
  if (known !== undefined) return known;
  const texts = sentences.map(({ tokens }) => tokens.join(' ').toLowerCase());
  loweredTexts.set(sentences, texts);
  return texts;
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
