// The sentence of an error with its annotated mentions and those that snapshots predict, in bold where the error is.
import { memo } from 'react';
import type { ErrorLine } from '../../schema/errorsQuery.ts';
import { MarkedSentence } from './MarkedSentence.tsx';

export const TrackedSentence = memo(function TrackedSentence({ line }: { readonly line: ErrorLine }) {
  const { tokens, annotated, predicted, gold, findings } = line;
  const mentions = [gold, ...findings.map((finding) => finding?.predicted ?? null)].filter((one) => one !== null);
  // From the first of its mentions to the last.
  const about = {
    start: Math.min(...mentions.map(({ start }) => start)),
    end: Math.max(...mentions.map(({ end }) => end)),
  };
  return <MarkedSentence tokens={tokens} about={[about]} annotated={annotated} predicted={predicted} />;
});
