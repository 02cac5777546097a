// Proves that label conflicts and differing pairs are those found by trying every occurrence and every pair.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention, Sentence } from '../../../src/data/corpus/corpus.ts';
import { entitySets } from '../../../src/metrics/entitySets.ts';
import { labelConflicts, labelPairs } from '../../../src/metrics/labelConflicts.ts';
import { conflictRows, missedLabels, missedRows, pairRows } from '../../../src/metrics/reviewRows.ts';
import { nearDefaults, squeezedText, wordRuns, type TextSource } from '../../../src/metrics/text/nearIndex.ts';
import { finishWork } from '../../../src/util/clock.ts';

/** `the [oak moth:Pest] flew` as tokens and mentions. */
function parsed(text: string): Sentence {
  const tokens: string[] = [];
  const mentions: Mention[] = [];
  for (const [part, words, type] of text.matchAll(/\[([^:]+):(\w+)\]|[^\s[]+/g)) {
    const start = tokens.length;
    tokens.push(...(words ?? part).split(' '));
    if (type !== undefined) mentions.push({ type, start, end: tokens.length });
  }
  return { tokens, mentions };
}
const source = (task: string, split: TextSource['split'], ...texts: readonly string[]): TextSource => ({
  task,
  split,
  sentences: texts.map(parsed),
});

/** Splits words into random mentions and gaps. */
function cut(words: readonly string[], parts: readonly { readonly length: number; readonly type: string }[]): Sentence {
  const mentions: Mention[] = [];
  let start = 0;
  for (const { length, type } of parts) {
    const end = Math.min(words.length, start + length);
    if (type !== 'O' && end > start) mentions.push({ type, start, end });
    start = end;
  }
  return { tokens: words, mentions };
}
const parts = fc.array(
  fc.record({ length: fc.integer({ min: 1, max: 3 }), type: fc.constantFrom('O', 'O', 'Tree', 'Wood') }),
  { maxLength: 6 },
);
const randomWords = fc.array(fc.constantFrom('ash', 'elm', 'oak', 'fir', 'Oak', '-'), { minLength: 1, maxLength: 9 });
/** One text in two tokenisations, and a near-duplicate. */
const sameWords = fc.constantFrom(
  ['an', 'oak', '-', 'elm', 'and', 'ash', 'wood'],
  ['An', 'oak-', 'elm', 'and', 'ash', 'wood'],
  ['an', 'oak', '-', 'elm', 'and', 'ash', 'grove'],
);
const drawn = fc.tuple(fc.oneof(randomWords, sameWords), parts).map(([words, all]) => cut(words, all));
const drawnSources = fc.array(fc.array(drawn, { maxLength: 5 }), { maxLength: 4 }).map((lists) =>
  lists.map((sentences, index): TextSource => ({
    task: `task ${index >> 1}`,
    split: index % 2 ? 'test' : 'train',
    sentences,
  })),
);
const everything = 1e6;

describe('labelConflicts', () => {
  it('are all sequences with more than one label, with all their places', () => {
    const property = fc.property(drawnSources, fc.boolean(), (sources, tellTypesApart) => {
      const options = { tellTypesApart, limit: everything, occurrencesPerLabel: everything };
      const { count, conflicts } = finishWork(labelConflicts(sources, options));
      expect(count).toBe(conflicts.length);
      const expected = bruteForceConflicts(sources, tellTypesApart);
      expect(conflicts.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
      conflicts.forEach(({ occurrences: places, ...conflict }, index) => {
        const { labels, ...other } = expected[index] as (typeof expected)[number];
        expect(conflict).toEqual(other);
        expect(places.map(({ source: at, sentence: number, start, label }) => [at, number, start, label])).toEqual(
          labels,
        );
        const unusual = places.filter(({ isUsual }) => !isUsual);
        expect(unusual).toHaveLength(conflict.minority);
      });
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('keeps the most even ones and some places of each label', () => {
    const sources = [
      source(
        'A',
        'train',
        'an [ash:Tree]',
        'an ash',
        'an ash',
        'an ash',
        '[elm:Tree] and elm',
        'an ash [elm:Tree] elm',
      ),
      source('B', 'test', 'the [elm:Baum]', 'a [big ash:Baum]'),
    ];
    const { count, conflicts } = finishWork(
      labelConflicts(sources, { tellTypesApart: false, limit: 1, occurrencesPerLabel: 1 }),
    );
    expect(count).toBe(2);
    expect(conflicts).toEqual([
      {
        text: 'elm',
        labelled: 3,
        unlabelled: 2,
        inside: 0,
        minority: 2,
        tasks: [
          { task: 'A', labelled: 2, unlabelled: 2 },
          { task: 'B', labelled: 1, unlabelled: 0 },
        ],
        occurrences: [
          { source: 0, sentence: 4, start: 0, label: 'Tree', isUsual: true },
          { source: 0, sentence: 4, start: 2, label: null, isUsual: false },
          { source: 1, sentence: 0, start: 1, label: 'Baum', isUsual: true },
        ],
      },
    ]);
  });
});

describe('labelPairs', () => {
  it('are all pairs of the same text with other spans, and of near text with a mention that the other has as plain text', () => {
    const property = fc.property(drawnSources, fc.boolean(), (sources, tellTypesApart) => {
      const options = { tellTypesApart, near: { shingleWords: 2, similarity: 0.5 }, limit: everything };
      const { count, pairs } = finishWork(labelPairs(sources, options));
      const shown = pairs.map(({ left, right, kind, onlyLeft, onlyRight }) =>
        JSON.stringify([left, right, kind, onlyLeft, onlyRight]),
      );
      expect(count).toBe(pairs.length);
      expect(shown.sort()).toEqual(bruteForcePairs(sources, tellTypesApart, options.near).sort());
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('compares the same text through different tokens', () => {
    const sources = [
      source('A', 'train', 'the [oak - moth:Pest] and [ash:Tree] flew'),
      source('B', 'train', 'The [oak-moth:Insect] and [ash:T] flew', 'the oak- moth and [ash:T] flew'),
    ];
    const { pairs } = finishWork(labelPairs(sources, { tellTypesApart: false, near: null, limit: 9 }));
    expect(pairs).toEqual([
      {
        left: { source: 0, sentence: 0 },
        right: { source: 1, sentence: 1 },
        kind: 'exact',
        similarity: 1,
        onlyLeft: [{ type: 'Pest', start: 1, end: 4 }],
        onlyRight: [],
      },
      {
        left: { source: 1, sentence: 0 },
        right: { source: 1, sentence: 1 },
        kind: 'exact',
        similarity: 1,
        onlyLeft: [{ type: 'Insect', start: 1, end: 2 }],
        onlyRight: [],
      },
    ]);
  });
});

describe('missedLabels', () => {
  const test = ['the [ash:Tree] and oak', 'no oak , no yew'].map(parsed);
  const predicted = [
    [{ type: 'Tree', start: 3, end: 4, confidence: 0.4 }],
    [
      { type: 'Tree', start: 1, end: 2, confidence: 0.9 },
      { type: 'Tree', start: 4, end: 5, confidence: 1 },
    ],
  ];
  const sets = entitySets({
    training: [{ train: [parsed('[oak:Tree] [ash:Tree] [oak:Tree]')], devel: [] }],
    test,
    predicted,
  });

  it('are the predictions that training knows and test never labels, the surest first', () => {
    expect(missedLabels(sets, test, predicted)).toEqual([
      { type: 'Tree', sentence: 1, start: 1, end: 2, text: 'oak', confidence: 0.9, training: 2 },
      { type: 'Tree', sentence: 0, start: 3, end: 4, text: 'oak', confidence: 0.4, training: 2 },
    ]);
  });

  it('become rows of a review list', () => {
    expect(missedRows(missedLabels(sets, test, predicted), 'Trees')[0]).toEqual({
      kind: 'perhaps missed',
      task: 'Trees',
      split: 'test',
      sentence: 2,
      token: 2,
      text: 'oak',
      labelled: 'no',
      elsewhere: 'labelled 2 times in training, predicted as Tree with probability 0.900',
    });
  });
});

describe('the review list', () => {
  it('says where something else is labelled, and what', () => {
    const sources = [
      source('A', 'train', 'a tall [oak:Tree] stood here', 'an [oak:Tree]'),
      source('B', 'test', 'A tall oak stood here'),
    ];
    const options = { tellTypesApart: false, near: nearDefaults, limit: 10 };
    const conflicts = finishWork(labelConflicts(sources, { ...options, occurrencesPerLabel: 50 }));
    expect(conflictRows(conflicts, sources)).toEqual([
      {
        kind: 'labelled differently',
        task: 'B',
        split: 'test',
        sentence: 1,
        token: 3,
        text: 'oak',
        labelled: 'no',
        elsewhere: 'labelled 2 times, not labelled 1 times',
      },
    ]);
    const side = { kind: 'same text, other labels', token: null };
    expect(pairRows(finishWork(labelPairs(sources, options)), sources)).toEqual([
      {
        ...side,
        task: 'A',
        split: 'train',
        sentence: 1,
        text: 'a tall oak stood here',
        labelled: 'oak (Tree)',
        elsewhere: 'B test 1: no',
      },
      {
        ...side,
        task: 'B',
        split: 'test',
        sentence: 1,
        text: 'A tall oak stood here',
        labelled: 'no',
        elsewhere: 'A train 1: oak (Tree)',
      },
    ]);
  });
});

/** Tries every mention string at every position of every sentence. */
function bruteForceConflicts(sources: readonly TextSource[], tellTypesApart: boolean) {
  const strings = new Set(
    sources.flatMap(({ sentences }) =>
      sentences.flatMap(({ tokens, mentions }) => mentions.map(({ start, end }) => tokens.slice(start, end).join(' '))),
    ),
  );
  const conflicts = [...strings].map((text) => {
    const labels: (readonly [number, number, number, string | null])[] = [];
    const tasks: { task: string; labelled: number; unlabelled: number }[] = [];
    let inside = 0;
    const length = text.split(' ').length;
    sources.forEach(({ task, sentences }, at) =>
      sentences.forEach(({ tokens, mentions }, number) =>
        tokens.forEach((_, start) => {
          if (tokens.slice(start, start + length).join(' ') !== text) return;
          const own = mentions.find((mention) => mention.start === start && mention.end === start + length);
          const around = mentions.some((mention) => mention.start <= start && mention.end >= start + length);
          if (own === undefined && around) {
            inside++;
            return;
          }
          labels.push([at, number, start, own?.type ?? null]);
          const ofTask = tasks.find((one) => one.task === task) ?? { task, labelled: 0, unlabelled: 0 };
          if (!tasks.includes(ofTask)) tasks.push(ofTask);
          ofTask[own === undefined ? 'unlabelled' : 'labelled']++;
        }),
      ),
    );
    const names = labels.map(([, , , label]) => (tellTypesApart || label === null ? label : 'any'));
    const most = Math.max(...names.map((name) => names.filter((other) => other === name).length));
    const unlabelled = labels.filter(([, , , label]) => label === null).length;
    const labelled = labels.length - unlabelled;
    return { text, labelled, unlabelled, inside, minority: labels.length - most, tasks, labels };
  });
  return conflicts
    .filter(({ minority }) => minority > 0)
    .sort(
      (left, right) =>
        right.minority - left.minority || left.labels.length - right.labels.length || (left.text < right.text ? -1 : 1),
    );
}

/** Compares every pair: identical text by the letters of its mentions, near text by their words. */
function bruteForcePairs(
  sources: readonly TextSource[],
  tellTypesApart: boolean,
  { shingleWords, similarity }: { readonly shingleWords: number; readonly similarity: number },
): string[] {
  const all = sources.flatMap(({ sentences }, at) => sentences.map((one, number) => ({ one, place: { source: at, sentence: number } }))); // prettier-ignore
  const shingles = (one: Sentence) => {
    const words = wordRuns(one);
    const last = Math.max(0, words.length - shingleWords);
    return new Set(
      words.length === 0
        ? []
        : Array.from({ length: last + 1 }, (_, at) => words.slice(at, at + shingleWords).join(' ')),
    );
  };
  const typeOf = ({ type }: Mention) => (tellTypesApart ? type : '');
  const words = ({ tokens }: Sentence, { start, end }: Mention) =>
    wordRuns({ tokens: tokens.slice(start, end) }).join(' ');
  const letters = ({ tokens }: Sentence, { start, end }: Mention) =>
    `${tokens.slice(0, start).join('').length} ${tokens.slice(start, end).join('').length}`;
  const found: string[] = [];
  all.forEach((left, index) => {
    for (const right of all.slice(index + 1)) {
      if (left.one.tokens.length < 5 || right.one.tokens.length < 5) continue;
      const isSame = squeezedText(left.one) === squeezedText(right.one);
      const [ofLeft, ofRight] = [shingles(left.one), shingles(right.one)];
      const shared = [...ofLeft].filter((one) => ofRight.has(one)).length;
      if (!isSame && !(shared > 0 && shared / (ofLeft.size + ofRight.size - shared) >= similarity)) continue;
      const only = (one: Sentence, other: Sentence) =>
        one.mentions.filter((mention) => {
          const says = isSame ? letters : words;
          const isThere = other.mentions.some(
            (own) => says(other, own) === says(one, mention) && typeOf(own) === typeOf(mention),
          );
          if (isSame || isThere) return !isThere;
          const text = words(one, mention);
          return text !== '' && ` ${wordRuns(other).join(' ')} `.includes(` ${text} `);
        });
      const [onlyLeft, onlyRight] = [only(left.one, right.one), only(right.one, left.one)];
      if (onlyLeft.length + onlyRight.length === 0) continue;
      found.push(JSON.stringify([left.place, right.place, isSame ? 'exact' : 'near', onlyLeft, onlyRight]));
    }
  });
  return found;
}
