// Proves that a corpus of a review holds the accepted mentions and the original text, is divided by its seed, and joins another whole.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeInTurns, describeSentences, SPLITS } from '../../../../src/data/corpus/corpus.ts';
import { moveSource } from '../../../../src/data/import/movedSources.ts';
import { beginReview, stepReview, type Review } from '../../../../src/lab/review/review.ts';
import {
  corpusOfReview,
  countBegun,
  tallyReview,
  type CorpusContent,
  type ReviewSelection,
} from '../../../../src/lab/review/reviewCorpus.ts';
import { DocumentJoiner, partsOfDocuments } from '../../../../src/lab/tagging/reviews.ts';
import { reviewPartSchema } from '../../../../src/schema/reviewRecord.ts';
import { drawnSteps, stepOfDraw, taggedTexts } from '../../../fixtures/reviews.ts';

const seed = 17;
const selection: ReviewSelection = { onlyReviewed: true, threshold: 0.5, division: { kind: 'train' } };

const reviews = fc.tuple(taggedTexts, drawnSteps).map(([documents, draws]) =>
  draws.reduce<Review>(
    (current, draw) => {
      const stepped = stepReview(current, stepOfDraw(current, draw));
      return 'refusal' in stepped ? current : stepped;
    },
    beginReview(documents, ['Gene', 'Virus']),
  ),
);

/** A long review: every sentence has one mention. */
function longReview(documentCount: number, sentencesEach: number): Review {
  const documents = Array.from({ length: documentCount }, (_, id) => {
    const text = Array.from({ length: sentencesEach }, (_, at) => `ague ${id} ${at}`).join('\n');
    let start = 0;
    const sentences = text.split('\n').map((line) => {
      const at = start;
      start += line.length + 1;
      return [
        { start: at, end: at + 4 },
        { start: at + 5, end: at + line.length },
      ];
    });
    const mentions = sentences.map(([first]) => ({ type: 'Disease', start: first?.start ?? 0, end: first?.end ?? 0, confidence: 0.9 })); // prettier-ignore
    return { id: `d${id}`, text, sentences, mentions, gold: [] };
  });
  const review = beginReview(documents, ['Disease']);
  const stepped = stepReview(review, { kind: 'review', sentences: [...review.sentences.keys()], threshold: 0 });
  if ('refusal' in stepped) throw new Error(stepped.refusal);
  return stepped;
}

describe('a corpus of a review', () => {
  it('holds the sentences and mentions that count, and the documents with their text and offsets', () => {
    fc.assert(
      fc.property(reviews, fc.boolean(), (review, onlyReviewed) => {
        const chosen = review.sentences.flatMap(({ isReviewed }, index) =>
          isReviewed || !onlyReviewed ? [index] : [],
        );
        const make = () => corpusOfReview(review, 'notes', { ...selection, onlyReviewed }, null);
        if (chosen.length === 0) {
          expect(make).toThrow(expect.objectContaining({ code: 'review/empty' }));
          return;
        }
        const { sentences, texts, sources } = make();
        expect(sentences.train.map(({ mentions }) => mentions)).toEqual(
          chosen.map((index) =>
            (review.sentences[index]?.mentions ?? [])
              .filter(
                ({ decision, confidence }) =>
                  decision === 'accepted' || (decision === 'open' && (confidence ?? 1) >= 0.5),
              ) // prettier-ignore
              .map(({ type, start, end, choice }) => ({ type, start, end, ...(choice != null && { link: choice }) })),
          ),
        );
        const tokensOf = texts.train.flatMap(({ text, sentences: own }) =>
          own.map((spans) => spans.map(({ start, end }) => text.slice(start, end))),
        );
        expect(sentences.train.map(({ tokens }) => tokens)).toEqual(tokensOf);
        for (const { id, text } of texts.train) expect(review.documents.find((one) => one.id === id)?.text).toBe(text);
        expect(sources).toMatchObject([{ file: 'notes', split: 'train', format: 'Review', sentences: chosen.length }]);
        const tally = tallyReview(review, { onlyReviewed, threshold: 0.5 });
        expect(tally.accepted + tally.changed + tally.added + tally.untouched).toBe(
          sentences.train.reduce((sum, { mentions }) => sum + mentions.length, 0),
        );
        expect(tally.reviewedSentences + tally.untouchedSentences).toBe(chosen.length);
        if (onlyReviewed) expect(tally.untouched).toBe(0);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('is divided by its seed: every sentence once, documents together where there are ten', () => {
    for (const review of [longReview(1, 40), longReview(20, 3)]) {
      const divided = (seedOfDivision: number) =>
        corpusOfReview(review, 'notes', { ...selection, division: { kind: 'divided', seed: seedOfDivision } }, null);
      const { sentences, texts, sources } = divided(3);
      const all = SPLITS.flatMap((split) => sentences[split].map(({ tokens }) => tokens.join(' ')));
      expect(new Set(all).size).toBe(review.sentences.length);
      expect(all).toHaveLength(review.sentences.length);
      expect(sources.map(({ split }) => split)).toEqual(['train', 'devel', 'test']);
      expect(sentences.devel.length).toBe(review.sentences.length / 10);
      expect(divided(3)).toEqual(divided(3));
      expect(divided(4).sentences).not.toEqual(sentences);
      const ids = SPLITS.flatMap((split) => texts[split].map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
      if (review.documents.length > 1) expect(ids).toHaveLength(20);
      // Its sources can be moved to another split like those of any corpus.
      const moved = moveSource({ sentences, texts, sources }, 'notes (devel)', 'test');
      expect(moved.sentences.test).toHaveLength(review.sentences.length / 5);
    }
    const few = () =>
      corpusOfReview(longReview(1, 9), 'notes', { ...selection, division: { kind: 'divided', seed: 1 } }, null);
    expect(few).toThrow(expect.objectContaining({ code: 'review/few' }));
  });

  it('joins another corpus, whose splits, texts and sources stay', () => {
    const sentence = (word: string) => ({ tokens: [word, 'rose'], mentions: [{ type: 'Disease', start: 0, end: 1 }] });
    const source = (file: string, split: 'train' | 'devel' | 'test', sentences: number) =>
      ({ file, split, format: 'JSONL', documents: 1, sentences, sizeBytes: 1 }) as const;
    const moss: CorpusContent = {
      name: 'moss',
      sentences: { train: [sentence('a'), sentence('b')], devel: [sentence('c')], test: [sentence('d')] },
      texts: null,
      sources: [source('notes', 'train', 2), source('dev', 'devel', 1), source('test', 'test', 1)],
    };
    const review = longReview(2, 2);
    const division = { kind: 'joined', corpusId: 'moss' } as const;
    const { sentences, texts, sources } = corpusOfReview(review, 'notes', { ...selection, division }, moss);
    expect(sentences.train.map(({ tokens }) => tokens[0])).toEqual(['a', 'b', 'ague', 'ague', 'ague', 'ague']);
    expect(sentences.devel).toEqual(moss.sentences.devel);
    expect(sentences.test).toEqual(moss.sentences.test);
    expect(sources.map(({ file, split }) => `${file} ${split}`)).toEqual(['notes train', 'notes 2 train', 'dev devel', 'test test']); // prettier-ignore
    const tokens = SPLITS.flatMap(
      (split) =>
      texts[split].flatMap(({ text, sentences: own }) => own.map((spans) => spans.map(({ start, end }) => text.slice(start, end)))), // prettier-ignore
    );
    expect(tokens).toEqual(SPLITS.flatMap((split) => sentences[split].map((one) => one.tokens)));
    expect(moveSource({ sentences, texts, sources }, 'notes 2', 'devel').sentences.devel).toHaveLength(5);
  });

  it('counts sentences that were begun and not finished', () => {
    const review = beginReview(longReview(1, 3).documents, ['Disease']);
    expect(countBegun(review)).toBe(0);
    const added = stepReview(review, { kind: 'add', sentence: 1, type: 'Disease', start: 1, end: 2 });
    if ('refusal' in added) throw new Error(added.refusal);
    expect(countBegun(added)).toBe(1);
    expect(added.reviewedCount).toBe(0);
  });
});

describe('what is stored of a tagged text', () => {
  it('is joined again to the same documents, from parts of at most 100 sentences', () => {
    fc.assert(
      fc.property(taggedTexts, fc.integer({ min: 1, max: 120 }), (documents, times) => {
        const many = documents.flatMap((document, index) => [document, { ...document, id: `again-${index}-${times}` }]);
        const joiner = new DocumentJoiner();
        for (const part of partsOfDocuments(many)) joiner.add(reviewPartSchema.parse(JSON.parse(JSON.stringify(part))));
        expect(joiner.documents).toEqual(many);
      }),
      { seed, numRuns: 100 },
    );
    const { documents } = longReview(3, 400);
    const parts = [...partsOfDocuments(documents)];
    expect(parts.map((part) => part.reduce((sum, { sentences }) => sum + sentences.length, 0))).toEqual(Array(12).fill(100)); // prettier-ignore
    const joiner = new DocumentJoiner();
    for (const part of parts) joiner.add(part);
    expect(joiner.documents).toEqual(documents);
  });

  it('joins a sentence of more mentions than a call takes arguments', () => {
    const found = Array.from({ length: 200_000 }, (_, at) => ['Disease', 2 * at, 2 * at + 1, 1] as const);
    const joiner = new DocumentJoiner();
    joiner.add([{ id: '1', text: 'x', sentences: [[0, 1]], found: [...found], gold: [...found] }] as unknown as Parameters<typeof joiner.add>[0]); // prettier-ignore
    expect(joiner.documents[0]?.mentions).toHaveLength(found.length);
  });
});

describe('a corpus described in turns', () => {
  it('has the same description as at once', async () => {
    const { sentences } = corpusOfReview(longReview(3, 400), 'notes', { ...selection, division: { kind: 'divided', seed: 1 } }, null); // prettier-ignore
    let turns = 0;
    expect(await describeInTurns(sentences, async () => void turns++)).toEqual(describeSentences(sentences));
    expect(turns).toBe(4);
    const empty = { train: [], devel: [], test: [] };
    expect(await describeInTurns(empty, async () => undefined)).toEqual(describeSentences(empty));
  });
});
