// Right and wrong mentions as rows of a table with a head, for a file.
import { mentionText } from '../../metrics/mentionText.ts';
import type { ErrorLine } from '../../schema/errorsQuery.ts';
import { errorWords } from './errorWords.ts';

type Row = readonly (string | number | null)[];

/** A row a line; for each snapshot, by its name, what it makes of the mention. Starts and ends count tokens from 0, ends behind the last. */
export function errorRows(lines: readonly ErrorLine[], names: readonly string[]): readonly Row[] {
  const ofEach = (columns: readonly string[]) => names.flatMap((name) => columns.map((column) => `${name}: ${column}`));
  return [
    [
      'sentence',
      'annotated',
      'type',
      'start',
      'end',
      ...ofEach(['kind', 'predicted', 'type', 'start', 'end', 'confidence']),
      'times in training',
      'text',
    ],
    ...lines.map((line): Row => {
      const { sentence, tokens, gold, findings, frequency } = line;
      return [
        sentence + 1,
        ...cellsOf(line, gold),
        ...findings.flatMap((finding) => [
          finding === null ? 'rightly nothing' : errorWords.kinds[finding.kind],
          ...cellsOf(line, finding?.predicted ?? null),
          finding?.predicted?.confidence ?? null,
        ]),
        frequency,
        tokens.join(' '),
      ];
    }),
  ];
}

function cellsOf(line: ErrorLine, mention: ErrorLine['gold']): Row {
  if (mention === null) return [null, null, null, null];
  return [mentionText(line, mention), mention.type, mention.start, mention.end];
}
