// Proves that the analysis server reports the leaks found by brute force, each with its text and labels, and exactly across tokenisations.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Mention, Sentence } from '../../../src/data/corpus/corpus.ts';
import { sameLabels } from '../../../src/metrics/labelConflicts.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { droppedText } from '../../fixtures/drops.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

/** Words with `*` are mentions of one token. */
const rows = (texts: readonly string[]): string =>
  texts
    .map((text) =>
      text
        .split(' ')
        .map((word) => (word.startsWith('*') ? `${word.slice(1)}\tB-Plant\n` : `${word}\tO\n`))
        .join(''),
    )
    .join('\n') + '\n';

const corpora = {
  moor: {
    train: ['the *heather grows on the moor', 'nobody cuts it down', 'peat is cut in *sedge beds of old'],
    devel: ['rain falls on *moss and stone'],
    test: ['a new *fern was seen in the glen', 'THE heather grows on the moor', 'too short a text'],
  },
  glen: {
    train: ['A new *fern was seen', 'in the glen . it was green', 'nothing else of note was written there'],
    devel: ['rain falls on moss and stone', 'the *birch stands alone by the cold burn'],
    test: ['Rain falls on *moss and stone', 'the *birch stands alone by the cold water', 'all of this is new text'],
  },
};

async function benchOfTwo() {
  bench = await openAnalysisBench();
  const { lab } = bench;
  const tasks = [];
  for (const [name, splits] of Object.entries(corpora)) {
    const files = Object.entries(splits).map(([split, texts]) => droppedText(`${name}/${split}.tsv`, rows(texts)));
    const { corpusIds } = await lab.importFiles(files);
    tasks.push({ corpusId: corpusIds[0] ?? '', type: 'Plant' });
  }
  const [moor, glen] = tasks;
  if (moor === undefined || glen === undefined) throw new Error('no corpora');
  return { lab, moor, glen, tasks };
}

const squeezed = (texts: readonly string[]): string => texts.join(' ').replace(/[\s*]/g, '').toLowerCase();

/** The test sentences of five or more tokens contained in a text, by searching for each. */
function bruteForce(tests: readonly string[], training: readonly (readonly string[])[]): number {
  return tests.filter(
    (test) => test.split(' ').length >= 5 && training.some((texts) => squeezed(texts).includes(squeezed([test]))),
  ).length;
}

const splits = ['train', 'devel'] as const;

describe('leaks', () => {
  it('are counted as brute force counts them: together, by task, and by split', async () => {
    const { lab, tasks } = await benchOfTwo();
    const reports = (await lab.analyse('leaks', { tasks, splits, near: false }).answer) ?? [];
    const all = Object.values(corpora);
    for (const [place, { test }] of all.entries()) {
      const every = all.flatMap((corpus) => splits.map((split) => corpus[split]));
      expect(reports[place]).toEqual({
        compared: test.filter((text) => text.split(' ').length >= 5).length,
        exact: bruteForce(test, every),
        near: 0,
        byTask: all.map((corpus) => ({ exact: bruteForce(test, splits.map((split) => corpus[split])), near: 0 })), // prettier-ignore
        bySource: all.flatMap((corpus, task) =>
          splits.map((split) => ({ task, split, exact: bruteForce(test, [corpus[split]]), near: 0 })),
        ),
      });
    }
    expect(reports.map(({ exact }) => exact)).toEqual([2, 1]);
  });

  it('take only the splits that are asked about, and near ones where they are wanted', async () => {
    const { lab, tasks } = await benchOfTwo();
    const trained = await lab.analyse('leaks', { tasks, splits: ['train'], near: false }).answer;
    expect(trained?.map(({ exact }) => exact)).toEqual([2, 0]);
    const near = await lab.analyse('leaks', { tasks, splits, near: true }).answer;
    // The last word of eight differs: five of seven distinct shingles of three words are shared.
    expect(near?.map(({ exact, near: nearly }) => [exact, nearly])).toEqual([
      [2, 0],
      [1, 1],
    ]);
  });

  it('are shown beside their text, over as many sentences as hold it, labelled alike or not', async () => {
    const { lab, moor, glen } = await benchOfTwo();
    const ofGlen = { test: moor, training: splits.map((split) => ({ task: glen, split })), near: false };
    const page = await lab.analyse('leakPairs', { ...ofGlen, different: false, first: 0, count: 5 }).answer;
    expect(page).toMatchObject({ total: 1, different: 0, pairs: [{ kind: 'exact', index: 0, same: true }] });
    const [pair] = page?.pairs ?? [];
    expect(pair?.match).toMatchObject({ source: 0, index: 0 });
    expect(pair?.match.sentences.map(({ tokens }) => tokens.join(' '))).toEqual(['A new fern was seen', corpora.glen.train[1]]); // prettier-ignore

    const ofBoth = { ...ofGlen, training: [{ task: moor, split: 'train' as const }, ...ofGlen.training] };
    const other = await lab.analyse('leakPairs', { ...ofBoth, different: true, first: 0, count: 5 }).answer;
    expect(other).toMatchObject({ total: 1, different: 1, pairs: [{ index: 1, same: false }] });
    const second = await lab.analyse('leakPairs', { ...ofBoth, different: false, first: 1, count: 5 }).answer;
    expect(second?.total).toBe(2);
    expect(second?.pairs.map(({ index }) => index)).toEqual([1]);
  });

  it('of a plan are those of the tasks that are trained together, with what would be left out', async () => {
    const { lab, moor, glen } = await benchOfTwo();
    const ask = (leaveOut: 'exact' | 'near' | null, ...groups: (readonly (typeof moor)[])[]) =>
      lab.analyse('planLeaks', { groups, splits, leaveOut }).answer;
    expect(await ask(null, [moor, glen])).toEqual([{ compared: 5, exact: [2, 1], training: 9, leftOut: null }]);
    // One test sentence spans two training sentences, one occurs in both corpora, and one only in its own.
    expect(await ask('exact', [moor, glen])).toMatchObject([{ leftOut: 5 }]);
    expect(await ask('near', [moor, glen])).toMatchObject([{ leftOut: 6 }]);
    expect(await ask('exact', [moor], [glen])).toEqual([
      { compared: 2, exact: [1], training: 4, leftOut: 1 },
      { compared: 3, exact: [1], training: 5, leftOut: 1 },
    ]);
  });

  it('are refused of a corpus that is gone', async () => {
    const { lab, moor } = await benchOfTwo();
    const tasks = [moor, { corpusId: 'gone', type: null }];
    await expect(lab.analyse('leaks', { tasks, splits, near: false }).answer).rejects.toMatchObject({
      code: 'storage/missing',
    });
  });
});

describe('sameLabels', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', 'ab', 'ba', 'c'), { minLength: 1, maxLength: 8 });
  const cuts = fc.array(fc.boolean(), { minLength: 20, maxLength: 20 });

  it('compares the characters that mentions cover, whatever the tokens are', () => {
    const property = fc.property(letters, cuts, cuts, cuts, (tokens, marked, again, alike) => {
      const text = tokens.join('');
      // One mention per marked character, in tokens of one character; no tokenisation can express less.
      const of = (marks: readonly boolean[]): Sentence => ({
        tokens: [...text],
        mentions: [...text].flatMap((_, at): Mention[] => (marks[at] === true ? [{ type: 'x', start: at, end: at + 1 }] : [])), // prettier-ignore
      });
      const wrapped = (sentence: Sentence): Sentence[] => [{ tokens: ['z'], mentions: [{ type: 'x', start: 0, end: 1 }] }, sentence]; // prettier-ignore
      expect(sameLabels(of(marked), wrapped(of(marked)), true)).toBe(true);
      const equal = [...text].every((_, at) => marked[at] === again[at]);
      expect(sameLabels(of(marked), wrapped(of(again)), true)).toBe(equal);
      expect(sameLabels(of(alike), [of(alike)], false)).toBe(true);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('reads IL-2 in one token as in three, and types where they count', () => {
    const whole = { tokens: ['IL-2', 'binds'], mentions: [{ type: 'gene', start: 0, end: 1 }] };
    const split = { tokens: ['il', '-', '2', 'binds'], mentions: [{ type: 'protein', start: 0, end: 3 }] };
    expect(sameLabels(whole, [split], false)).toBe(true);
    expect(sameLabels(whole, [split], true)).toBe(false);
    expect(sameLabels(whole, [{ ...split, mentions: [{ type: 'protein', start: 0, end: 1 }] }], false)).toBe(false);
  });

  it('compares mention texts where the texts are not the same', () => {
    const one = { tokens: ['the', 'fern', 'grows'], mentions: [{ type: 'x', start: 1, end: 2 }] };
    const other = { tokens: ['fern', 'grew'], mentions: [{ type: 'x', start: 0, end: 1 }] };
    expect(sameLabels(one, [other], true)).toBe(true);
    expect(sameLabels(one, [{ ...other, mentions: [] }], true)).toBe(false);
  });
});
