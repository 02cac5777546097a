// One sentence with its annotated mentions and those that snapshots predict as lines beneath it, a line and a dash for each.
import { memo } from 'react';
import type { ErrorLine } from '../../schema/errorsQuery.ts';
import { trackParts } from './trackParts.ts';

/** Annotated, then what the first and the second snapshot predict. */
export const TRACK_CLASSES = ['annotated', 'first', 'second'] as const;

export const TrackedSentence = memo(function TrackedSentence({ line }: { readonly line: ErrorLine }) {
  const { tokens, annotated, predicted, gold, findings } = line;
  const about = [gold, ...findings.map((finding) => finding?.predicted ?? null)].filter((mention) => mention !== null);
  // What the line is about: from the first of its mentions to the last.
  const span = {
    start: Math.min(...about.map(({ start }) => start)),
    end: Math.max(...about.map(({ end }) => end)),
  };
  return (
    <span className="sentence tracked">
      {trackParts(tokens, [[span], annotated, ...predicted]).map(({ text, on: [isAbout, ...on] }, place) => {
        const classes = TRACK_CLASSES.filter((_, track) => on[track]);
        if (isAbout !== true && classes.length === 0) return text;
        const names = [...(isAbout === true ? ['about'] : []), ...classes].join(' ');
        return (
          <span key={place} className={`track ${names}`}>
            {text}
          </span>
        );
      })}
    </span>
  );
});
