// Proves that documents are split into sentences and tokens without losing a character, and mentions flattened by the stated rules.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IssueList } from '../../../../src/data/corpus/issues.ts';
import {
  annotateDocument,
  codePointOffsets,
  codeUnitOffsets,
  flatMentions,
} from '../../../../src/data/documents/annotateDocument.ts';
import { plausibleCountings } from '../../../../src/data/documents/countings.ts';
import type { CorpusDocument, DocumentMention, Span } from '../../../../src/data/documents/document.ts';
import { sentencesOfDocument, sentenceSpans, tokenSpans } from '../../../../src/data/documents/documentSentences.ts';
import { drawDevel } from '../../../../src/data/import/groupCorpusFiles.ts';
import { annotatedTexts, spelledByTokens, spelledOut, visible } from '../formats/annotatedTexts.ts';

const sentencesOf = (text: string, parts: number[] = [], wholes: Span[] = []) =>
  sentenceSpans(text, parts, wholes).map(({ start, end }) => text.slice(start, end).trim());
const documentSentences = (document: CorpusDocument, issues: IssueList) =>
  sentencesOfDocument(annotateDocument('any', document, issues));
const tokensOf = (text: string, cuts: number[] = []) =>
  tokenSpans(text, { start: 0, end: text.length }, cuts).map(({ start, end }) => text.slice(start, end));

describe('sentenceSpans', () => {
  it.each([
    ['Herons, e.g. Grey ones, fish. Eels, i.e. Long fish, hide.', 2],
    ['Moran et al. (2009) saw it. See Fig. 3 and Figs. 4 to 6.', 2],
    ['Reed et al. The eels were counted.', 2],
    ['Moss vs. Control gave 3.5 of 10. Dr. Reed agreed.', 2],
    ['We grew E. coli and S. Typhimurium. Both died.', 2],
    ['By J. Moran and P. Q. Reed. All rights kept.', 2],
    ['They drank vitamin C. The eels did not.', 2],
    ['Bacillus sp. The eels carried it. Bacillus sp. Sedge did not.', 3],
    ['Cells died. p53 was lost. mRNA rose. c-myc did not.', 3],
    ['Was it moss? It was! "It was." (So they say.) [12] Then it ended...', 5],
    ['1. Methods of all. 2. We counted eels.', 2],
    ['No. 5 of the eels died. The answer is no. We know.', 3],
    ['A title without a stop\nThe abstract begins. It ends.', 3],
    ['A wrapped line that goes\non in lower case.', 1],
    ['One paragraph\n\nand another', 2],
    ['It rose (p < .05). Approx. 5 eels, ca. 7 herons, took Ca. It fell.', 3],
  ])('%j has %i sentences', (text, count) => {
    expect(sentencesOf(text)).toHaveLength(count);
  });

  it('ends sentences at parts, and never inside a mention', () => {
    expect(sentencesOf('one two three', [4])).toEqual(['one', 'two three']);
    expect(sentencesOf('By Moss. The herb. Then', [], [{ start: 3, end: 12 }])).toEqual(['By Moss. The herb.', 'Then']);
    expect(sentencesOf('one two three', [4], [{ start: 2, end: 6 }])).toEqual(['one two three']);
  });

  it('takes time linear in the text', { timeout: 5000 }, () => {
    for (const text of ['.'.repeat(300_000), '. '.repeat(150_000), `.${' '.repeat(300_000)}`, 'A. '.repeat(100_000)]) {
      sentenceSpans(text, [], []);
    }
    sentenceSpans(`.${'('.repeat(300_000)}`, [], []);
    sentenceSpans(`. ${'('.repeat(300_000)}`, [], []);
  });
});

describe('tokenSpans', () => {
  it.each([
    ['IL-2 of CD28', ['IL', '-', '2', 'of', 'CD28']],
    ['p<0.05!', ['p', '<', '0', '.', '05', '!']],
    ['o\u0301 a\u200db 🐦x', ['o\u0301', 'a\u200db', '🐦', 'x']],
  ])('cuts %j', (text, tokens) => {
    expect(tokensOf(text)).toEqual(tokens);
  });

  it('cuts tokens at the borders of mentions', () => {
    expect(tokensOf('antifever tea', [4, 9])).toEqual(['anti', 'fever', 'tea']);
    expect(tokensOf('ab cd', [0, 2, 2, 3])).toEqual(['ab', 'cd']);
  });
});

describe('annotateDocument and sentencesOfDocument', () => {
  it('keeps every visible character and every mention, for any text', () => {
    fc.assert(
      fc.property(annotatedTexts('lines'), ({ text, mentions }) => {
        const issues = new IssueList('any');
        const placed = mentions.map(({ type, start, end }) => ({ type, fragments: [{ start, end }], line: null }));
        const sentences = documentSentences({ text, parts: [], mentions: placed, faults: [] }, issues);
        expect(sentences.flatMap(({ tokens }) => tokens).join('')).toBe(visible(text));
        expect(spelledByTokens([{ sentences }])).toEqual(spelledOut({ text, mentions }));
        expect(sentences.every(({ tokens }) => tokens.length > 0 && tokens.every((one) => /^\S+$/.test(one)))).toBe(
          true,
        );
        expect(issues.count).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves out the sentences that touch a fault', () => {
    const text = 'Moss. Reed. Sedge.';
    const mention = { type: 'Herb', fragments: [{ start: 12, end: 17 }], line: 1 };
    const document = { text, parts: [], mentions: [mention], faults: [{ start: 7, end: 8 }] };
    expect(documentSentences(document, new IssueList('any'))).toEqual([
      { tokens: ['Moss', '.'], mentions: [] },
      { tokens: ['Sedge', '.'], mentions: [{ type: 'Herb', start: 0, end: 1 }] },
    ]);
  });
});

describe('flatMentions', () => {
  const text = 'abcdefghijklmnopqrst';
  const fragments = fc
    .uniqueArray(fc.integer({ min: 0, max: text.length }), { minLength: 2, maxLength: 6 })
    .map((borders) => borders.sort((left, right) => left - right))
    .map((borders) =>
      Array.from({ length: borders.length >> 1 }, (_, at) => ({
        start: borders[2 * at] ?? 0,
        end: borders[2 * at + 1] ?? 0,
      })),
    );
  const type = fc.constantFrom('C', 'D');
  const mentions: fc.Arbitrary<DocumentMention[]> = fc.array(fc.record({ type, fragments, line: fc.constant(1) }), {
    maxLength: 8,
  });
  const isBetween = (place: number, { start, end }: Span) => start <= place && place < end;
  const places = Array.from(text, (_, place) => place);

  /** Applies the rules literally. */
  function byHand(all: readonly DocumentMention[]) {
    const spans = all.map((mention, index) => {
      const [{ start, end: firstEnd } = { start: 0, end: 0 }] = mention.fragments;
      const end = mention.fragments.at(-1)?.end ?? 0;
      const isOwn = (place: number) => mention.fragments.some((fragment) => isBetween(place, fragment));
      const gap = places.filter((place) => place >= start && place < end && !isOwn(place));
      const others = all.filter((_, other) => other !== index).flatMap((other) => other.fragments);
      const isFree = gap.every((place) => !others.some((fragment) => isBetween(place, fragment)));
      return { type: mention.type, start, end: isFree ? end : firstEnd };
    });
    const kept: typeof spans = [];
    for (const start of places) {
      for (let end = text.length; end > start; end--) {
        for (const span of spans) {
          const overlaps = kept.some((one) => places.some((place) => isBetween(place, one) && isBetween(place, span)));
          if (span.start === start && span.end === end && !overlaps) kept.push(span);
        }
      }
    }
    return kept;
  }

  it('keeps what the rules say, letter by letter, and counts what it changes', () => {
    fc.assert(
      fc.property(mentions, (all) => {
        const issues = new IssueList('any');
        const expected = byHand(all);
        expect(flatMentions({ text, parts: [], mentions: all, faults: [] }, issues)).toEqual(expected);
        const count = (code: string) => issues.listed.filter((issue) => issue.code === code).length;
        expect(count('corpus/overlap')).toBe(all.length - expected.length);
        expect(count('corpus/discontinuous')).toBe(all.filter((one) => one.fragments.length > 1).length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('character offsets', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', '🐦', '\r\n', '\n', '\r', 'é'), maxLength: 20 });

  it('turn code points into units as walking the text does', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const characters = Array.from(text);
        const offsetsOf = codePointOffsets(text);
        for (let offset = 0; offset <= characters.length; offset++) {
          expect(offsetsOf(offset)).toBe(characters.slice(0, offset).join('').length);
        }
        expect([offsetsOf(-1), offsetsOf(characters.length + 1), offsetsOf(0.5)]).toEqual([null, null, null]);
      }),
    );
  });

  it('refuse the middle of a character', () => {
    expect([0, 1, 2, 3, 4].map(codeUnitOffsets('a🐦'))).toEqual([0, 1, null, 3, null]);
  });

  it('skip carriage returns that a file did not count', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const plain = text.replaceAll('\r\n', '\n');
        const [counting] = plausibleCountings(text).filter(({ name }) => !text.includes('\r\n') || name.endsWith('one for a line break')); // prettier-ignore
        const offsetsOf = (offset: number) => counting?.spanOf({ start: offset, end: offset + 1 })?.start ?? null;
        Array.from(plain).forEach((character, offset) => {
          const unit = offsetsOf(offset) ?? -1;
          const found = text.startsWith('\r\n', unit) ? '\n' : String.fromCodePoint(text.codePointAt(unit) ?? 0);
          expect(found).toBe(character);
        });
      }),
    );
  });
});

describe('drawDevel', () => {
  it('draws each id by itself, about a fifth of many, and always leaves both sides something', () => {
    const ids = Array.from({ length: 5000 }, (_, index) => `document ${index}`);
    const drawn = drawDevel(new Set(ids));
    expect(drawn.size / ids.length).toBeCloseTo(0.2, 1);
    expect(drawDevel(new Set(ids.slice(0, 2500).reverse()))).toEqual(
      new Set(
        ids
          .slice(0, 2500)
          .filter((id) => drawn.has(id))
          .reverse(),
      ),
    );
    for (let index = 0; index < 100; index++) expect(drawDevel(new Set(ids.slice(index, index + 2))).size).toBe(1);
    expect(drawDevel(new Set(['one'])).size).toBe(0);
  });
});
