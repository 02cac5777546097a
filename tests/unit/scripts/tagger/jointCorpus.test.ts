// Proves that corpora are joined without losing, moving or overlapping an annotation, and without any sentence of a test split.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chosenSentences,
  completed,
  inJointNames,
  jointRows,
  leastConfidence,
  withoutTestText,
} from '../../../../scripts/tagger/jointCorpus.ts';
// prettier-ignore
import { differenceOf, scoreTypes, sumOfDifferences } from '../../../../scripts/tagger/scoreTypes.ts';
import type { Sentence } from '../../../../src/data/corpus/corpus.ts';
import { readConll } from '../../../../src/data/rows/conll.ts';
import type { SureMention } from '../../../../src/wire/trainingProtocol.ts';

const source = { folder: 'moss', types: { GENE: 'Gene' }, everyBlank: 2, everyDevel: 3 };
const sentence = (text: string, ...mentions: Sentence['mentions']): Sentence => ({ tokens: text.split(' '), mentions });
const gene = { type: 'GENE', start: 0, end: 1 };

describe('a sentence that taggers complete', () => {
  it('keeps every annotation and takes the surest mentions that overlap nothing', () => {
    const annotated = [{ type: 'Gene', start: 2, end: 4 }];
    const found: readonly SureMention[] = [
      { type: 'Disease', start: 3, end: 5, confidence: 0.99 }, // overlaps the annotation
      { type: 'Gene', start: 6, end: 7, confidence: 0.99 }, // annotated by people here
      { type: 'Species', start: 7, end: 9, confidence: 0.6 },
      { type: 'Disease', start: 8, end: 10, confidence: 0.9 }, // surer than the one before
      { type: 'Chemical', start: 0, end: 1, confidence: leastConfidence - 0.01 },
      { type: 'Chemical', start: 1, end: 2, confidence: leastConfidence },
    ];
    expect(completed(annotated, found, ['Gene'])).toEqual([
      { type: 'Chemical', start: 1, end: 2 },
      { type: 'Gene', start: 2, end: 4 },
      { type: 'Disease', start: 8, end: 10 },
    ]);
  });

  it('never has overlapping mentions, for any findings', () => {
    const mention = fc
      .tuple(
        fc.constantFrom('Gene', 'Disease', 'Species'),
        fc.nat(10),
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      )
      .map(([type, start, length, confidence]): SureMention => ({ type, start, end: start + length, confidence }));
    fc.assert(
      fc.property(fc.array(mention), (found) => {
        const all = completed([{ type: 'Gene', start: 4, end: 6 }], found, ['Gene']);
        expect(all).toContainEqual({ type: 'Gene', start: 4, end: 6 });
        all.slice(1).forEach(({ start }, index) => expect(start).toBeGreaterThanOrEqual(all[index]?.end ?? 0));
      }),
      { seed: 81, numRuns: 300 },
    );
  });

  it('is written so that it reads back the same', () => {
    const sentences = [sentence('moss rot spreads', { type: 'Disease', start: 0, end: 2 }), sentence('nothing here')];
    const read = readConll(new TextEncoder().encode(jointRows(sentences)), 'joint.tsv');
    expect(read.sentences).toEqual(sentences);
  });
});

describe('the sentences of a corpus', () => {
  it('are all those with a mention of its own, and every n-th of the others', () => {
    const all = [
      sentence('a b'),
      sentence('c d', gene),
      sentence('e f'),
      sentence('g h'),
      sentence('i j', { ...gene, type: 'Cell' }),
    ];
    expect(chosenSentences(all, 'train', source).map(({ tokens }) => tokens[0])).toEqual(['a', 'c', 'g']);
    expect(chosenSentences(all, 'devel', source).map(({ tokens }) => tokens[0])).toEqual(['a', 'g']);
  });

  it('are not trained on where the test split of any corpus has the same text', () => {
    const text = 'the moss has rot and more of it';
    const training = [[sentence(text), sentence('an own sentence of five words')], [sentence(text.toUpperCase())]];
    const clean = withoutTestText(training, [[sentence('something else in a test split')], [sentence(text)]]);
    expect(clean.map((sentences) => sentences.length)).toEqual([1, 0]);
  });

  it('have their types renamed, and others left out', () => {
    expect(inJointNames([gene, { ...gene, type: 'Cell' }], source.types)).toEqual([{ ...gene, type: 'Gene' }]);
  });
});

describe('scores of a tagger of several types', () => {
  const sure = (type: string, start: number, confidence = 0.9): SureMention => ({
    type,
    start,
    end: start + 1,
    confidence,
  });

  it('count the type that the corpus annotates, and no other', () => {
    const test = [sentence('a b c', gene), sentence('d e f', { ...gene, start: 1, end: 2 })];
    const [scores] = scoreTypes(source, test, [[sure('Gene', 0), sure('Disease', 1)], [sure('Gene', 2)]]);
    expect(scores).toMatchObject({ corpus: 'moss', type: 'Gene', annotatedAs: 'GENE' });
    expect(scores?.scores.lenient.overall).toMatchObject({ gold: 2, predicted: 2, correct: 1, f1: 50 });
  });

  it('of two taggers are compared mention by mention', () => {
    const same = differenceOf([[sure('Gene', 0, 0.9)], []], [[sure('Gene', 0, 0.8)], []]);
    expect(same).toMatchObject({ sentences: 2, mentions: 1, sentencesThatDiffer: 0 });
    expect(same.largestChange).toBeCloseTo(0.1);
    const other = differenceOf([[sure('Gene', 0)], [sure('Gene', 1)]], [[sure('Disease', 0)], []]);
    expect(other.sentencesThatDiffer).toBe(2);
    expect(sumOfDifferences([same, other])).toMatchObject({ sentences: 4, mentions: 3, sentencesThatDiffer: 2 });
  });
});
