// One sentence with its annotated mentions and the predicted ones as lines beneath it, and in bold what it is shown for.
import type { Mention } from '../../data/corpus.ts';
import { trackParts } from './trackParts.ts';

export interface MarkedSentenceProps {
  readonly tokens: readonly string[];
  /** What the sentence is shown for; flat. */
  readonly about: readonly Pick<Mention, 'start' | 'end'>[];
  readonly annotated: readonly Mention[];
  readonly predicted?: readonly Mention[];
}

export function MarkedSentence({ tokens, about, annotated, predicted = [] }: MarkedSentenceProps) {
  return (
    <span className="sentence tracked">
      {trackParts(tokens, [about, annotated, predicted]).map(
        ({ text, on: [isAbout, isAnnotated, isPredicted] }, place) => {
          const classes = [
            isAbout === true ? ['about'] : [],
            isAnnotated === true ? ['annotated'] : [],
            isPredicted === true ? ['first'] : [],
          ].flat();
          return classes.length === 0 ? (
            text
          ) : (
            <span key={place} className={`track ${classes.join(' ')}`}>
              {text}
            </span>
          );
        },
      )}
    </span>
  );
}
