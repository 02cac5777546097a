// One sentence with mentions as lines beneath it, a line and a dash for each list of them, and in bold what it is shown for.
import type { Mention } from '../../data/corpus.ts';
import { trackParts } from './trackParts.ts';

/** Annotated, then what the first and the second snapshot predict. */
export const TRACK_CLASSES = ['annotated', 'first', 'second'] as const;

export interface MarkedSentenceProps {
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
      {trackParts(tokens, [about, annotated, ...predicted]).map(({ text, on: [isAbout, ...on] }, place) => {
        const tracks = TRACK_CLASSES.filter((_, track) => on[track]);
        const classes = isAbout === true ? ['about', ...tracks] : tracks;
        if (classes.length === 0) return text;
        return (
          <span key={place} className={`track ${classes.join(' ')}`}>
            {text}
          </span>
        );
      })}
    </span>
  );
}
