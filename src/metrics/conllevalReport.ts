// Scores in the layout in which conlleval prints them.
import type { ConllevalScores } from './conlleval.ts';

/** The lines of conlleval's output, each ended: counts, overall scores, and one line a type with the number predicted. */
export function conllevalReport({ tokens, accuracy, entities }: ConllevalScores): string {
  const { overall, perType } = entities;
  let report = `processed ${tokens} tokens with ${overall.gold} phrases; `;
  report += `found: ${overall.predicted} phrases; correct: ${overall.correct}.\n`;
  if (tokens > 0) report += `accuracy: ${percent(accuracy)}%; ${figures(overall)}\n`;
  for (const [type, score] of Object.entries(perType).sort(([left], [right]) => (left < right ? -1 : 1))) {
    report += `${type.padStart(17)}: ${figures(score)}  ${score.predicted}\n`;
  }
  return report;
}

function figures(score: { readonly precision: number; readonly recall: number; readonly f1: number }): string {
  return `precision: ${percent(score.precision)}%; recall: ${percent(score.recall)}%; FB1: ${percent(score.f1)}`;
}

/** C's `%6.2f`. It rounds a tie to the even digit, where toFixed rounds up; ties are the odd eighths, such as 3.125. */
function percent(value: number): string {
  const eighths = value * 8;
  const isTie = Number.isInteger(eighths) && eighths % 2 === 1;
  const lower = Math.floor(value * 100);
  const text = isTie ? ((lower % 2 === 0 ? lower : lower + 1) / 100).toFixed(2) : value.toFixed(2);
  return text.padStart(6);
}
