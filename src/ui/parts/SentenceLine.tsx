// Shows sentences with their mentions: in colour with the names of types, or as lines beneath, one line style per list.
import { Fragment, memo, type ReactNode } from 'react';
import type { Mention, Sentence, Split } from '../../data/corpus/corpus.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';

// Shows a sentence with its mentions in colour, each with the name of its type.

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

// Shows the name of an entity type in the colour it has throughout its corpus.

const COLOURS = 8;

/** Returns `type-0` to `type-7` in the corpus' order of types; from the ninth on colours repeat, marked `type-again`. */
export function typeClass(type: string, types: readonly string[]): string {
  const index = Math.max(0, types.indexOf(type));
  return index < COLOURS ? `type-${index}` : `type-${index % COLOURS} type-again`;
}

export function TypeLabel({ type, types }: { readonly type: string; readonly types: readonly string[] }) {
  return <span className={`type-label ${typeClass(type, types)}`}>{type}</span>;
}

// Shows a sentence with mentions as lines beneath it, one line style per list, and the relevant part in bold.

type Span = Pick<Mention, 'start' | 'end'>;

interface TrackPart {
  readonly text: string;
  /** Of each track, whether the text lies in one of its mentions. */
  readonly on: readonly boolean[];
}

/**
 * The tokens joined by spaces, `tracks` `[tracks][mentions]`, each track flat. A space lies in a mention that both tokens beside it lie in, so
 * mentions that touch stay apart.
 */
export function trackParts(tokens: readonly string[], tracks: readonly (readonly Span[])[]): readonly TrackPart[] {
  const mentionAt = (track: readonly Span[], token: number) =>
    track.find(({ start, end }) => start <= token && token < end);
  const parts: { text: string; on: readonly boolean[] }[] = [];
  const add = (text: string, on: readonly boolean[]) => {
    const last = parts.at(-1);
    if (last !== undefined && last.on.every((is, track) => is === on[track])) last.text += text;
    else parts.push({ text, on });
  };
  tokens.forEach((token, index) => {
    const here = tracks.map((track) => mentionAt(track, index));
    if (index > 0) {
      const isSame = tracks.map((track, position) => {
        const before = mentionAt(track, index - 1);
        return before !== undefined && before === here[position];
      });
      add(' ', isSame);
    }
    add(
      token,
      here.map((mention) => mention !== undefined),
    );
  });
  return parts;
}

/** Annotated, then what the first and the second snapshot predict. */
export const TRACK_CLASSES = ['annotated', 'first', 'second'] as const;

interface MarkedSentenceProps {
  readonly tokens: readonly string[];
  /** What the sentence is shown for; flat. */
  readonly about: readonly Pick<Mention, 'start' | 'end'>[];
  readonly annotated: readonly Mention[];
  /** Of the first snapshot, then of the second. */
  readonly predicted?: readonly (readonly Mention[])[];
}

export function MarkedSentence({ tokens, about, annotated, predicted = [] }: MarkedSentenceProps) {
  return (
    <span className="sentence tracked">
      {trackParts(tokens, [about, annotated, ...predicted]).map(({ text, on: [isAbout, ...on] }, index) => {
        const tracks = TRACK_CLASSES.filter((_, track) => on[track]);
        const classes = isAbout === true ? ['about', ...tracks] : tracks;
        if (classes.length === 0) return text;
        return (
          <span key={index} className={`track ${classes.join(' ')}`}>
            {text}
          </span>
        );
      })}
    </span>
  );
}

interface SentenceLinkProps {
  readonly task: TaskRef | undefined;
  readonly split: Split;
  /** From 0. */
  readonly index: number;
}

/** Links to a sentence in its corpus, by corpus, split and number. */
export function SentenceLink({ task, split, index }: SentenceLinkProps) {
  if (task === undefined) return null;
  const { id, name } = task.corpus;
  return (
    <a className="sentence-place" href={routeHref({ page: 'sentence', corpusId: id, split, number: index + 1 })}>
      {name} {split} {format.count(index + 1)}
    </a>
  );
}
