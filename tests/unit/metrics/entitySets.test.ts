// Proves that regions, weights and ratios of T, L and P match brute-force sets.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mention, Sentence } from '../../../src/data/corpus/corpus.ts';
import {
  ENTITY_REGIONS,
  entitySets,
  stringsOfRegion,
  type EntitySetInput,
  type EntitySetOptions,
} from '../../../src/metrics/entitySets.ts';

/** Sentences of one mention each, covering all their words. */
const whole = (...texts: readonly string[]): Sentence[] =>
  texts.map((text) => ({ tokens: text.split(' '), mentions: [spanOf(text)] }));
const spanOf = (text: string): Mention => ({ type: 'Gene', start: 0, end: text.split(' ').length });

const texts = fc.array(fc.constantFrom('ash', 'Ash', 'elm', 'oak', 'oak leaf', 'ivy', 'fig tree'), { maxLength: 9 });
const options = fc.record({ trainOnly: fc.boolean(), lowerCase: fc.boolean() });

describe('entitySets', () => {
  it('has the regions, weights and ratios of sets made one string at a time', () => {
    const property = fc.property(
      fc.array(fc.tuple(texts, texts), { maxLength: 3 }),
      texts,
      fc.option(texts),
      options,
      (tasks, labels, guesses, chosen) => {
        const test = whole(...labels, ...(guesses ?? [])).map((sentence, index) =>
          index < labels.length ? sentence : { ...sentence, mentions: [] },
        );
        const predicted =
          guesses && test.map(({ tokens }, index) => (index < labels.length ? [] : [spanOf(tokens.join(' '))]));
        const training = tasks.map(([train, devel]) => ({ train: whole(...train), devel: whole(...devel) }));
        const found = entitySets({ training, test, predicted }, chosen);
        const { regions, ratios, sizes } = bruteForce(tasks, labels, guesses, chosen);
        expect(found.regions).toEqual(regions);
        expect(found.ratios).toEqual(ratios);
        expect([found.T, found.L, found.P, found.shared]).toEqual(sizes);
        for (const region of ENTITY_REGIONS) {
          expect(stringsOfRegion(found, region)).toHaveLength(regions[region].strings);
        }
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('lists the strings of a region by count, then by text', () => {
    const found = entitySets(inputOf(['elm', 'ash', 'elm'], ['oak', 'ivy', 'Zamia', 'ivy'], []));
    expect(stringsOfRegion(found, 'L').map(({ text, annotated }) => [text, annotated])).toEqual([
      ['ivy', 2],
      ['Zamia', 1],
      ['oak', 1],
    ]);
    expect(stringsOfRegion(found, 'T').map(({ text, training }) => [text, training])).toEqual([
      ['elm', 2],
      ['ash', 1],
    ]);
  });

  it('knows no ratio over nothing, and only B without predictions', () => {
    const nothing = { strings: null, mentions: null };
    expect(entitySets(inputOf(['elm'], [], [])).ratios).toEqual({
      A: nothing,
      B: nothing,
      C: nothing,
      D: nothing,
      E: nothing,
    });
    const unpredicted = entitySets({ ...inputOf(['elm'], ['elm'], []), predicted: null });
    expect(unpredicted.P).toBeNull();
    expect(unpredicted.ratios).toEqual({
      A: nothing,
      B: { strings: 1, mentions: 1 },
      C: nothing,
      D: nothing,
      E: nothing,
    });
  });

  it('refuses predictions of other sentences', () => {
    expect(() => entitySets({ ...inputOf(['elm'], ['elm'], []), predicted: [] })).toThrow('not those of the test');
  });

  it('tells strings from words that happen to stand side by side', () => {
    const found = entitySets(inputOf(['fig tree'], ['figtree'], []));
    expect(found.shared).toEqual({ strings: 0, mentions: 0 });
  });
});

function inputOf(train: readonly string[], test: readonly string[], predicted: readonly string[]): EntitySetInput {
  const sentences = [...whole(...test), ...whole(...predicted).map(({ tokens }) => ({ tokens, mentions: [] }))];
  return {
    training: [{ train: whole(...train), devel: [] }],
    test: sentences,
    predicted: sentences.map(({ tokens, mentions }) => (mentions.length > 0 ? [] : [spanOf(tokens.join(' '))])),
  };
}

/** Looks up membership string by string, and counts weights by scanning the lists again. */
function bruteForce(
  tasks: readonly (readonly [readonly string[], readonly string[]])[],
  labels: readonly string[],
  guesses: readonly string[] | null,
  { trainOnly = false, lowerCase = false }: EntitySetOptions,
) {
  const cased = (list: readonly string[]) => (lowerCase ? list.map((text) => text.toLowerCase()) : list);
  const lists = {
    T: cased(tasks.flatMap(([train, devel]) => (trainOnly ? train : [...train, ...devel]))),
    L: cased(labels),
    P: cased(guesses ?? []),
  };
  const all = [...new Set([...lists.T, ...lists.L, ...lists.P])];
  const within = (name: string) =>
    all.filter((text) => (['T', 'L', 'P'] as const).every((set) => lists[set].includes(text) === name.includes(set)));
  const count = (strings: readonly string[], of: 'T' | 'L' | 'P') => ({
    strings: strings.length,
    mentions: lists[of].filter((text) => strings.includes(text)).length,
  });
  const weigher = { T: 'T', L: 'L', P: 'P', TL: 'L', TP: 'P', LP: 'L', TLP: 'L' } as const;
  const regions = Object.fromEntries(ENTITY_REGIONS.map((name) => [name, count(within(name), weigher[name])]));
  const inT = (text: string) => lists.T.includes(text);
  const inL = (text: string) => lists.L.includes(text);
  const inP = (text: string) => lists.P.includes(text);
  const ratio = (part: (text: string) => boolean, of: (text: string) => boolean, by: 'L' | 'P') => {
    const [top, bottom] = [
      count(
        all.filter((text) => of(text) && part(text)),
        by,
      ),
      count(all.filter(of), by),
    ];
    if (bottom.strings === 0) return { strings: null, mentions: null };
    return { strings: top.strings / bottom.strings, mentions: top.mentions / bottom.mentions };
  };
  const [sizeL, sizeP] = [count(all.filter(inL), 'L'), count(all.filter(inP), 'P')];
  const nothing = { strings: null, mentions: null };
  const isPredicted = guesses !== null;
  const excess =
    sizeL.strings === 0
      ? nothing
      : {
          strings: (sizeP.strings - sizeL.strings) / sizeL.strings,
          mentions: (sizeP.mentions - sizeL.mentions) / sizeL.mentions,
        };
  return {
    regions: regions as ReturnType<typeof entitySets>['regions'],
    ratios: {
      A: isPredicted ? ratio(inP, (text) => inL(text) && !inT(text), 'L') : nothing,
      B: ratio(inT, inL, 'L'),
      C: isPredicted ? ratio((text) => !inP(text), (text) => inT(text) && inL(text), 'L') : nothing, // prettier-ignore
      D: isPredicted ? ratio(inT, (text) => inP(text) && !inL(text), 'P') : nothing,
      E: isPredicted ? excess : nothing,
    },
    sizes: [
      count(all.filter(inT), 'T'),
      sizeL,
      isPredicted ? sizeP : null,
      count(all.filter((text) => inT(text) && inL(text)), 'L'), // prettier-ignore
    ],
  };
}
