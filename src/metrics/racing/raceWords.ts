// Says in words how a slicing rate is searched, and why a rate or a run was dropped.
import type { Drop, RaceRules } from './race.ts';

/** `devel F1 1.20 below rate 0.75 (95 % interval 0.31 to 2.02)`. */
export function dropReasonText({ reason }: Drop): string {
  const below = `devel F1 ${reason.difference.toFixed(2)} below rate ${rateText(reason.leader)}`;
  switch (reason.kind) {
    case 'worse':
      return `${below} (95 % interval ${reason.interval.low.toFixed(2)} to ${reason.interval.high.toFixed(2)})`;
    case 'rank':
      return `not among the best, ${below}`;
    case 'choice':
      return `rate ${rateText(reason.leader)} was chosen, ${below}`;
  }
}

/** `dropped at epoch 2: …`; null for a run that was not dropped. */
export function droppedText({
  dropped,
  status,
}: {
  readonly dropped?: { readonly epoch: number; readonly reason: string } | undefined;
  readonly status: string;
}): string | null {
  return dropped === undefined || status !== 'stopped' ? null : `dropped at epoch ${dropped.epoch}: ${dropped.reason}`;
}

/** `race at epochs 1 and 2, 2 finalists`, `the best 2 after epoch 1`. */
export function rulesText({ policy, rungs, finalists, choose }: RaceRules): string {
  const epochs = `${rungs.length === 1 ? 'epoch' : 'epochs'} ${listText(rungs)}`;
  const end = choose === 'end' ? ', chosen at the end' : '';
  if (policy === 'top')
    return `the best ${finalists === 1 ? 'one' : finalists} after ${epochs}${finalists === 1 ? '' : end}`;
  return `race at ${epochs}, ${finalists} finalists${end}`;
}

/** A rate as tables have it, `0.75`; more digits where the model has layers for them. */
export function rateText(rate: number): string {
  const two = rate.toFixed(2);
  return Math.abs(Number(two) - rate) < 1e-9 ? two : rate.toFixed(3);
}

function listText(values: readonly number[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} and ${values.at(-1)}`;
}
