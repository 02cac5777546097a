// One sentence with its annotated mentions and the predicted ones as lines beneath it, those that it is shown for marked.
import type { Mention } from '../../data/corpus.ts';
import { mentionText } from '../../metrics/mentionText.ts';
import { trackParts } from './trackParts.ts';

export interface MarkedSentenceProps {
  readonly tokens: readonly string[];
  readonly annotated: readonly Mention[];
  /** Null where nothing was predicted. */
  readonly predicted: readonly Mention[] | null;
  /** Whether the sentence is shown for a mention of this text. */
  readonly isAbout: (text: string) => boolean;
}

export function MarkedSentence({ tokens, annotated, predicted, isAbout }: MarkedSentenceProps) {
  const guessed = predicted ?? [];
  const about = (mentions: readonly Mention[]) =>
    mentions.filter((mention) => isAbout(mentionText({ tokens }, mention)));
  const parts = trackParts(tokens, [about(annotated), about(guessed), annotated, guessed]);
  return (
    <span className="sentence tracked">
      {parts.map(({ text, on: [here, guessedHere, isAnnotated, isPredicted] }, place) => {
        const classes = [
          here === true || guessedHere === true ? ['about'] : [],
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
      })}
    </span>
  );
}
