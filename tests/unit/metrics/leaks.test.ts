// Proves that exact and near leaks are those found by comparing every test sentence with all training text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sentence } from '../../../src/data/corpus/corpus.ts';
import { findLeaks, isCompared, leakedSentences } from '../../../src/metrics/leaks.ts';
import {
  ExactIndex,
  nearDefaults,
  NearIndex,
  squeezedText,
  TextSources,
  wordRuns,
  type NearOptions,
  type TextSource,
} from '../../../src/metrics/text/nearIndex.ts';
import { finishWork } from '../../../src/util/clock.ts';

const sentence = (text: string): Sentence => ({ tokens: text.split(' '), mentions: [] });
const source = (task: string, split: 'train' | 'devel', ...texts: readonly string[]): TextSource => ({
  task,
  split,
  sentences: texts.map(sentence),
});

/** Few words, so that sentences often coincide, wholly, in part and across their ends. */
const word = fc.constantFrom('ash', 'Ash', 'as', 'h', 'elm', 'elm-2', '2', '-', 'oak', '``', "''", '"', '.');
const drawn = fc.array(word, { minLength: 1, maxLength: 9 }).map((tokens): Sentence => ({ tokens, mentions: [] }));
const some = fc.array(drawn, { maxLength: 8 });
const options: fc.Arbitrary<NearOptions> = fc.record({
  shingleWords: fc.integer({ min: 1, max: 3 }),
  similarity: fc.constantFrom(0.3, 0.5, 0.55, 0.6, 0.7, 2 / 3, 0.9, 1),
});

/** Jaccard over sets of joined words. */
function similarity(left: Sentence, right: Sentence, { shingleWords }: NearOptions): number {
  const [of, other] = [left, right].map((one) => {
    const words = wordRuns(one);
    if (words.length === 0) return new Set<string>();
    const last = Math.max(0, words.length - shingleWords);
    return new Set(Array.from({ length: last + 1 }, (_, at) => words.slice(at, at + shingleWords).join(' ')));
  }) as [Set<string>, Set<string>];
  const shared = [...of].filter((shingle) => other.has(shingle)).length;
  return shared === 0 ? 0 : shared / (of.size + other.size - shared);
}

function holds(text: Sentence, { sentences }: Pick<TextSource, 'sentences'>): boolean {
  return sentences.map(squeezedText).join('').includes(squeezedText(text));
}

describe('NearIndex', () => {
  it('finds every sentence at or above the similarity and no other', () => {
    const property = fc.property(some, some, options, (indexed, asked, chosen) => {
      const texts = new TextSources([{ task: 'a', split: 'train', sentences: indexed }]);
      const index = finishWork(NearIndex.build(texts, chosen));
      for (const one of [...asked, ...indexed]) {
        const expected = indexed
          .map((other, number) => ({ number, similarity: similarity(one, other, chosen) }))
          .filter((match) => match.similarity >= chosen.similarity);
        expect(index.matches(one)).toEqual(expected);
      }
      indexed.forEach((one, number) => expect(index.matchesOf(number)).toEqual(index.matches(one)));
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('reads tokenisations alike', () => {
    expect(wordRuns(sentence('IL-2 ( of CD28 + cells ).'))).toEqual(wordRuns(sentence('IL - 2 (of CD28+ cells) .')));
  });
});

describe('ExactIndex', () => {
  it('finds every sentence of the same text and no other', () => {
    const property = fc.property(some, some, (indexed, asked) => {
      const index = new ExactIndex(new TextSources([{ task: 'a', split: 'train', sentences: indexed }]));
      indexed.forEach((_, number) => index.add(number));
      for (const one of [...asked, ...indexed]) {
        const expected = indexed.flatMap((other, number) =>
          squeezedText(one) === squeezedText(other) ? [number] : [],
        );
        expect(index.matches(one)).toEqual(expected);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe('findLeaks', () => {
  it('counts what a comparison with all training text counts, for every source and task', () => {
    const property = fc.property(
      fc.array(some, { maxLength: 2 }),
      fc.array(some, { maxLength: 4 }),
      options,
      (tests, lists, near) => {
        const training = lists.map((sentences, index) => ({
          task: `task ${index >> 1}`,
          split: index % 2 === 0 ? ('train' as const) : ('devel' as const),
          sentences,
        }));
        const found = finishWork(
          findLeaks({ tests: tests.map((sentences, index) => ({ task: `test ${index}`, sentences })), training, near }),
        );
        tests.forEach((sentences, test) => {
          const report = found[test];
          const compared = sentences.filter(({ tokens }) => tokens.length >= 5);
          expect(report).toMatchObject({ compared: compared.length, ...bruteForce(compared, training, near) });
          const tasks = [...new Set(training.map(({ task }) => task))];
          expect(report?.bySource).toEqual(
            training.map((one) => ({ task: one.task, split: one.split, ...bruteForce(compared, [one], near) })),
          );
          expect(report?.byTask).toEqual(
            tasks.map((task) => ({ task, ...bruteForce(compared, training.filter((one) => one.task === task), near) })), // prettier-ignore
          );
          for (const { sentence: number, kind, match } of report?.leaks ?? []) {
            const [one, other] = [sentences[number], training[match.source]?.sentences[match.sentence]];
            if (kind === 'exact') expect(holds(one as Sentence, training[match.source] as TextSource)).toBe(true);
            else expect(similarity(one as Sentence, other as Sentence, near)).toBeGreaterThanOrEqual(near.similarity);
          }
        });
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('finds a sentence over the ends of training sentences, in other case, spaces and quotation marks', () => {
    const training = [
      source('A', 'train', 'no such words here at all', 'AIM : The `` big', "'' ash-tree falls .", 'It does .'),
      source('A', 'devel', 'The big ash - tree falls .'),
    ];
    const tests = [{ task: 'B', sentences: [sentence('the " big " ash - tree falls .'), sentence('It does .')] }];
    const [report] = finishWork(findLeaks({ tests, training, near: nearDefaults }));
    expect(report).toMatchObject({ task: 'B', compared: 1, exact: 1, near: 0 });
    expect(report?.bySource.map(({ exact, near }) => [exact, near])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(report?.leaks).toEqual([{ sentence: 0, kind: 'exact', match: { source: 0, sentence: 1 }, similarity: 1 }]);
  });
});

describe('leakedSentences', () => {
  it('marks exactly the training sentences that hold text of a test sentence, or are near one', () => {
    const property = fc.property(
      fc.array(some, { maxLength: 3 }),
      fc.array(some, { maxLength: 2 }),
      (training, tests) => {
        const compared = tests.flat().filter(isCompared);
        const exact = training.map((sentences) => heldIn(sentences, compared));
        expect(finishWork(leakedSentences(training, tests, 'exact')).map((marks) => [...marks])).toEqual(exact);
        const near = training.map((sentences, list) =>
          sentences.map((one, number) => {
            const isNear = compared.some((other) => similarity(one, other, nearDefaults) >= nearDefaults.similarity);
            return isNear ? 1 : exact[list]?.[number];
          }),
        );
        expect(finishWork(leakedSentences(training, tests, 'near')).map((marks) => [...marks])).toEqual(near);
      },
    );
    fc.assert(property, { numRuns: 200 });
  });

  it('leaves what is short alone', () => {
    const training = [[sentence('Results and discussion'), sentence('A rather long heading here')]];
    const marks = finishWork(leakedSentences(training, [training[0] ?? []], 'near'));
    expect(marks.map((list) => [...list])).toEqual([[0, 1]]);
  });
});

function bruteForce(compared: readonly Sentence[], training: readonly TextSource[], near: NearOptions) {
  const exact = compared.filter((one) => training.some((list) => holds(one, list)));
  const isNear = (one: Sentence) =>
    training.some(({ sentences }) => sentences.some((other) => similarity(one, other, near) >= near.similarity));
  return { exact: exact.length, near: compared.filter((one) => !exact.includes(one) && isNear(one)).length };
}

/** Marks letter by letter. */
function heldIn(sentences: readonly Sentence[], tests: readonly Sentence[]): number[] {
  const owners = sentences.flatMap((one, number) => [...squeezedText(one)].map(() => number));
  const running = sentences.map(squeezedText).join('');
  const marks = sentences.map(() => 0);
  for (const text of tests.map(squeezedText)) {
    for (let at = running.indexOf(text); at >= 0; at = running.indexOf(text, at + 1)) {
      for (const owner of owners.slice(at, at + text.length)) marks[owner] = 1;
    }
  }
  return marks;
}
