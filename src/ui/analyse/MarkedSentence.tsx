// Shows a sentence with mentions as lines beneath it, one line style per list, and the relevant part in bold.
import type { Mention, Split } from '../../data/corpus/corpus.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';

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
