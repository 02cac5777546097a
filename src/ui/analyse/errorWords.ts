// Words for correct and wrong mentions.
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
  correct: 'the annotated boundaries and type',
  boundary: 'the correct type, wrong boundaries',
  type: 'the correct boundaries, wrong type',
  boundaryAndType: 'overlaps, with wrong boundaries and type',
  missed: 'annotated, but not predicted',
  spurious: 'predicted, but not annotated',
};

const kindChoices: Readonly<Record<KindChoice, string>> = {
  ...kinds,
  wrong: 'all errors',
  any: 'all mentions',
};

const views: Readonly<Record<SemevalView, readonly [name: string, meaning: string]>> = {
  strict: ['strict', 'boundaries and type'],
  exact: ['exact', 'boundaries only'],
  partial: ['partial', 'boundaries, an overlap counts half'],
  type: ['type', 'type, for overlapping mentions'],
};

const seen: Readonly<Record<SeenChoice, string>> = {
  any: 'seen or unseen',
  seen: 'seen in training',
  unseen: 'not seen in training',
};

/** Returns the words for the choices between two snapshots of these names. */
function rights([a = 'A', b = 'B']: readonly string[]): Readonly<Record<RightChoice, string>> {
  return {
    any: 'any',
    a: `${a} correct, ${b} wrong`,
    b: `${a} wrong, ${b} correct`,
    neither: 'both wrong',
    differ: 'differ',
  };
}

export const errorWords = { kinds, meanings, kindChoices, views, seen, rights };

type Row = readonly (string | number | null)[];

/** Returns one row per line, with the finding of each snapshot by its name. Starts and ends count tokens from 0, ends behind the last. */
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
