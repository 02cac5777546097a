// Proves that scores equal those of conlleval for any tags: of the original for IOB, of its Python port, which breaks at S and E, for IOBES.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conlleval, conllevalReport, predictionRows, scoreSplit } from '../../../../src/metrics/scores/scoreSplit.ts';
import { splitScoresSchema } from '../../../../src/schema/runRecord.ts';
import { tagSequence } from '../../data/corpus/taggedTexts.ts';

/** The scorer of CoNLL-2000 translated line by line, with chunks of S and E, sharing no code with the lab. */
function original(lines: readonly string[]) {
  const counts = {
    tokens: 0,
    correctTags: 0,
    gold: 0,
    predicted: 0,
    correct: 0,
    perType: {} as Record<string, number[]>,
  };
  const bump = (type: string, column: number) => {
    const row = (counts.perType[type] ??= [0, 0, 0]);
    row[column] = (row[column] ?? 0) + 1;
  };
  const parse = (tag: string): [string, string] => {
    const match = /^([^-]*)-(.*)$/.exec(tag);
    return match ? [match[1] ?? '', match[2] ?? ''] : [tag, ''];
  };
  const pair = (left: string, right: string, ...pairs: string[]) => pairs.includes(left + right);
  const ends = (pt: string, t: string, py: string, y: string) =>
    pt === 'E' ||
    pt === 'S' ||
    pt === '[' ||
    pt === ']' ||
    pair(pt, t, 'BB', 'BS', 'BO', 'IB', 'IS', 'IO') ||
    (pt !== 'O' && pt !== '.' && py !== y);
  const begins = (pt: string, t: string, py: string, y: string) =>
    t === 'B' ||
    t === 'S' ||
    t === '[' ||
    t === ']' ||
    pair(pt, t, 'EE', 'EI', 'SE', 'SI', 'OE', 'OI') ||
    (t !== 'O' && t !== '.' && py !== y);
  let inside = false;
  let [lastC, lastCType, lastG, lastGType] = ['O', '', 'O', ''];
  for (const line of lines) {
    const isBoundary = line === '';
    const columns = isBoundary ? ['-X-', 'O', 'O'] : line.split(' ');
    const [g, gType] = parse(columns.pop() ?? '');
    const [c, cType] = parse(columns.pop() ?? '');
    const endC = ends(lastC, c, lastCType, cType);
    const endG = ends(lastG, g, lastGType, gType);
    const startC = begins(lastC, c, lastCType, cType);
    const startG = begins(lastG, g, lastGType, gType);
    if (inside) {
      if (endC && endG && lastGType === lastCType) {
        inside = false;
        counts.correct++;
        bump(lastCType, 2);
      } else if (endC !== endG || gType !== cType) inside = false;
    }
    if (startC && startG && gType === cType) inside = true;
    if (startC) {
      counts.gold++;
      bump(cType, 0);
    }
    if (startG) {
      counts.predicted++;
      bump(gType, 1);
    }
    if (!isBoundary) {
      counts.tokens++;
      if (c === g && cType === gType) counts.correctTags++;
    }
    [lastC, lastCType, lastG, lastGType] = [c, cType, g, gType];
  }
  if (inside) {
    counts.correct++;
    bump(lastCType, 2);
  }
  return counts;
}

function expectSame(gold: string[][], predicted: string[][]) {
  const lines = gold.flatMap((tags, row) => [...tags.map((tag, at) => `w ${tag} ${predicted[row]?.[at]}`), '']);
  const expected = original(lines);
  const { tokens, correctTags, entities } = conlleval(gold, predicted);
  const perType = Object.entries(entities.perType).map(([type, s]) => [type, [s.gold, s.predicted, s.correct]]);
  const { gold: g, predicted: p, correct } = entities.overall;
  expect({ tokens, correctTags, gold: g, predicted: p, correct, perType: Object.fromEntries(perType) }).toEqual(
    expected,
  );
}

/** Two tag sequences for the same tokens, often equal at a token. */
const taggedTwice = (prefixes: readonly string[]) => {
  const tag = tagSequence(prefixes, 1).map((tags) => tags[0] ?? 'O');
  const both = fc.oneof(
    fc.tuple(tag, tag),
    tag.map((one): [string, string] => [one, one]),
  );
  return fc.array(fc.array(both, { maxLength: 10 }), { maxLength: 4 }).map((rows) => ({
    gold: rows.map((row) => row.map(([one]) => one)),
    predicted: rows.map((row) => row.map(([, other]) => other)),
  }));
};

describe('conlleval', () => {
  it.each([
    ['tags of IOB', ['B', 'I']],
    ['tags of IOBES', ['B', 'I', 'E', 'S']],
    ['tags of no scheme', ['B', 'I', 'E', 'S', 'X', '.', '[', ']', '']],
  ])('counts %s as the original does', (_, prefixes) => {
    fc.assert(
      fc.property(taggedTwice(prefixes), ({ gold, predicted }) => expectSame(gold, predicted)),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['B-C E-C B-C E-C', 'B-C I-C I-C E-C', 2, 1, 0],
    ['B-C I-C E-C', 'B-C E-C S-C', 1, 2, 0],
    ['B-C E-C', 'B-D E-D', 1, 1, 0],
    ['B-C I-C E-C', 'B-C E-C O', 1, 1, 0],
    ['B-C I-C', 'B-C E-C', 1, 1, 1],
    ['S-C O', 'B-C O', 1, 1, 1],
  ])('gives gold %s against %s the published counts', (gold, predicted, ...expected) => {
    const { overall } = conlleval([gold.split(' ')], [predicted.split(' ')]).entities;
    expect([overall.gold, overall.predicted, overall.correct]).toEqual(expected);
  });

  it('ends mentions at the end of a sentence', () => {
    const stream = [['O', 'B-C', 'E-C']];
    const bounded = [['O', 'B-C'], ['E-C']];
    expect(conlleval(stream, stream).entities.overall.gold).toBe(1);
    expect(conlleval(bounded, bounded).entities.overall.gold).toBe(2);
  });

  it('refuses tags of different lengths', () => {
    const problem = expect.objectContaining({ code: 'metrics/length' });
    expect(() => conlleval([['O']], [])).toThrow(problem);
    expect(() => conlleval([['O']], [['O', 'O']])).toThrow(problem);
  });
});

describe('scoreSplit', () => {
  it('has strict scores beside the lenient ones and says what strictness discards', () => {
    const gold = [
      ['B-C', 'E-C', 'O', 'S-D'],
      ['O', 'S-C'],
    ];
    const predicted = [
      ['B-C', 'E-C', 'O', 'B-D'],
      ['I-C', 'S-C'],
    ];
    const scores = scoreSplit(gold, predicted, 'IOBES');
    expect(splitScoresSchema.parse(scores)).toEqual(scores);
    expect(scores).toMatchObject({ sentences: 2, tokens: 6, discarded: 2 });
    expect(scores.accuracy).toBeCloseTo(400 / 6, 10);
    expect(scores.lenient.overall).toMatchObject({ gold: 3, predicted: 4, correct: 3, precision: 75, recall: 100 });
    expect(scores.strict.overall).toMatchObject({ gold: 3, predicted: 2, correct: 2, precision: 100 });
    expect(scores.strict.perType.D).toMatchObject({ gold: 1, predicted: 0, correct: 0, f1: 0 });
  });

  it('keeps types that are names of object members', () => {
    const tags = [['B-__proto__', 'B-constructor']];
    expect(Object.keys(scoreSplit(tags, tags, 'IOB2').lenient.perType)).toEqual(['__proto__', 'constructor']);
  });
});

/** Derived manually from conlleval's format strings. */
const rows = ['the DT O O', 'gene NN B-Gene B-Gene', 'x1 NN I-Gene E-Gene', '', '-X- -X- O O', 'drug NN B-Drug O', ''];
const report =
  'processed 4 tokens with 2 phrases; found: 1 phrases; correct: 1.\n' +
  'accuracy:  50.00%; precision: 100.00%; recall:  50.00%; FB1:  66.67\n' +
  '             Drug: precision:   0.00%; recall:   0.00%; FB1:   0.00  0\n' +
  '             Gene: precision: 100.00%; recall: 100.00%; FB1: 100.00  1\n';

describe('the report', () => {
  it('has the layout of conlleval', () => {
    const { gold, predicted } = predictionRows(rows.join('\r\n'));
    expect(conllevalReport(conlleval(gold, predicted))).toBe(report);
  });

  it('rounds ties to even as C does', () => {
    // Recall 1/32 = 3.125 % and 3/32 = 9.375 %.
    const gold = [new Array<string>(32).fill('B-C')];
    const found = (count: number) => [gold[0]?.map((tag, index) => (index < count ? tag : 'O')) ?? []];
    expect(conllevalReport(conlleval(gold, found(1)))).toContain('recall:   3.12%');
    expect(conllevalReport(conlleval(gold, found(3)))).toContain('recall:   9.38%');
  });

  it.each([
    ['a row with two columns', 'a O O\nb O', 'Line 2'],
    ['a first row with two columns', '\n\nb O', 'Line 3'],
    ['a row with a column too many', 'a O O\n\nb x O O', 'Line 3'],
  ])('refuses %s', (_, text, place) => {
    expect(() => predictionRows(text)).toThrow(place);
  });
});

describe('npm run conlleval', () => {
  const script = fileURLToPath(new URL('../../../../scripts/conlleval.ts', import.meta.url));
  const run = (input: string) =>
    spawnSync(process.execPath, ['--import', 'tsx', script, '-'], { input, encoding: 'utf8' });

  it('prints the report', () => {
    expect(run(rows.join('\n'))).toMatchObject({ stdout: report, stderr: '', status: 0 });
  }, 20_000);

  it.each([
    [
      ['Left B-BODY B-BODY', 'kidney E-BODY I-BODY', 'right B-BODY I-BODY', 'lung E-BODY E-BODY'],
      [2, 1, 0],
    ],
    [
      ['a B-BODY B-BODY', 'b I-BODY E-BODY', 'c E-BODY S-BODY'],
      [1, 2, 0],
    ],
  ])(
    'ends mentions of IOBES at E and S, where the script reads over them',
    (lines, [gold, found, correct]) => {
      const counts = `with ${gold} phrases; found: ${found} phrases; correct: ${correct}.`;
      expect(run(lines.join('\n')).stdout).toContain(counts);
    },
    20_000,
  );

  it('names the line of a bad row and exits with 2', () => {
    const { stderr, stdout, status } = run('a O O\nb O\n');
    expect(stderr).toContain('Line 2');
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  }, 20_000);
});
