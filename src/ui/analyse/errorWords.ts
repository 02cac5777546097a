// The words for right and wrong mentions.
import type { ErrorLine, KindChoice, RightChoice, SeenChoice } from '../../analysis/questions/errorsQuery.ts';
import type { ErrorKind } from '../../metrics/errorKinds.ts';
import type { SemevalView } from '../../metrics/semevalScores.ts';
import { mentionText } from '../../metrics/text/textSources.ts';

const kinds: Readonly<Record<ErrorKind, string>> = {
  correct: 'correct',
  boundary: 'boundary',
  type: 'type',
  boundaryAndType: 'boundary and type',
  missed: 'missed',
  spurious: 'spurious',
};

const meanings: Readonly<Record<ErrorKind, string>> = {
  correct: 'the annotated borders and type',
  boundary: 'the right type, other borders',
  type: 'the right borders, another type',
  boundaryAndType: 'it overlaps, with other borders and another type',
  missed: 'annotated, nothing predicted for it',
  spurious: 'predicted, nothing annotated for it',
};

const kindChoices: Readonly<Record<KindChoice, string>> = {
  ...kinds,
  wrong: 'all errors',
  any: 'all mentions',
};

const views: Readonly<Record<SemevalView, readonly [name: string, meaning: string]>> = {
  strict: ['strict', 'borders and type'],
  exact: ['exact', 'borders alone'],
  partial: ['partial', 'borders, an overlap counts half'],
  type: ['type', 'type of what overlaps'],
};

const seen: Readonly<Record<SeenChoice, string>> = {
  any: 'seen or not',
  seen: 'seen in training',
  unseen: 'not seen in training',
};

/** Words for the choices between two snapshots of these names. */
function rights([a = 'A', b = 'B']: readonly string[]): Readonly<Record<RightChoice, string>> {
  return {
    any: 'any',
    a: `${a} right, ${b} wrong`,
    b: `${a} wrong, ${b} right`,
    neither: 'both wrong',
    differ: 'differ',
  };
}

export const errorWords = { kinds, meanings, kindChoices, views, seen, rights };

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
