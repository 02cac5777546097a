// Proves that no step of a review leaves empty or overlapping mentions, that undo and redo restore, and that documents and order follow.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkDocuments } from '../../../../src/data/dictionary/linker.ts';
import { formatsWithIds } from '../../../../src/data/documents/document.ts';
import { documentOfText, tokenMentions } from '../../../../src/data/documents/documentSentences.ts';
import { writeDocuments } from '../../../../src/data/formats/writeDocuments.ts';
import { readDocuments } from '../../../../src/data/import/readDocuments.ts';
import {
  beginReview,
  differsFromAnnotation,
  filterSentences,
  nextUnreviewed,
  orderSentences,
  reviewedDocuments,
  stepReview,
  type Review,
} from '../../../../src/lab/review/review.ts';
import { isLive } from '../../../../src/lab/review/reviewedSentence.ts';
import type { LabelledDocument } from '../../../../src/metrics/scores/scoreSplit.ts';
import type { ReviewStep } from '../../../../src/schema/reviewRecord.ts';
import { drawnSteps, stepOfDraw, taggedTexts } from '../../../fixtures/reviews.ts';

const seed = 17;

/** A review of `Ague of Brann rose in Morvane.` with two mentions, of confidences 0.9 and 0.4. */
function smallReview(gold: LabelledDocument['gold'] = []): Review {
  const document = documentOfText('d', 'Ague of Brann rose in Morvane.');
  const mentions = [
    { type: 'Disease', start: 0, end: 4, confidence: 0.9 },
    { type: 'Disease', start: 22, end: 29, confidence: 0.4 },
  ];
  return beginReview([{ ...document, mentions, gold }], ['Disease', 'Gene']);
}

function after(review: Review, ...steps: readonly ReviewStep[]): Review {
  return steps.reduce((current, step) => {
    const stepped = stepReview(current, step);
    if ('refusal' in stepped) throw new Error(stepped.refusal);
    return stepped;
  }, review);
}

/** Applies what is possible. */
function walk(review: Review, draws: readonly (readonly number[])[]): Review {
  return draws.reduce((current, draw) => {
    const stepped = stepReview(current, stepOfDraw(current, draw));
    return 'refusal' in stepped ? current : stepped;
  }, review);
}

describe('any steps of a person', () => {
  it('leave live mentions that are not empty, do not overlap, and lie in their sentence', () => {
    fc.assert(
      fc.property(taggedTexts, drawnSteps, (documents, draws) => {
        const { sentences, reviewedCount } = walk(beginReview(documents, ['Gene', 'Virus']), draws);
        for (const { mentions, length } of sentences) {
          const live = mentions.filter(isLive);
          for (const [index, { start, end }] of live.entries()) {
            expect(start).toBeGreaterThanOrEqual(live[index - 1]?.end ?? 0);
            expect(end).toBeGreaterThan(start);
            expect(end).toBeLessThanOrEqual(length);
          }
          expect(new Set(mentions.map(({ id }) => id)).size).toBe(mentions.length);
        }
        expect(reviewedCount).toBe(sentences.filter(({ isReviewed }) => isReviewed).length);
      }),
      { seed, numRuns: 400 },
    );
  });

  it('are undone to the text as tagged, and done again to the same', () => {
    fc.assert(
      fc.property(taggedTexts, drawnSteps, (documents, draws) => {
        const begun = beginReview(documents, ['Gene', 'Virus']);
        const ended = walk(begun, draws);
        let undone = ended;
        let count = 0;
        for (; undone.past !== null; count++) undone = after(undone, { kind: 'undo' });
        expect(undone.sentences).toEqual(begun.sentences);
        expect(undone.reviewedCount).toBe(0);
        const again = after(undone, ...Array<ReviewStep>(count).fill({ kind: 'redo' }));
        expect(again.sentences).toEqual(ended.sentences);
        expect(again.reviewedCount).toBe(ended.reviewedCount);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('are the same when the stored steps are replayed', () => {
    fc.assert(
      fc.property(taggedTexts, drawnSteps, (documents, draws) => {
        const begun = beginReview(documents, ['Gene', 'Virus']);
        const steps: ReviewStep[] = [];
        let review = begun;
        for (const draw of draws) {
          const step = stepOfDraw(review, draw);
          const stepped = stepReview(review, step);
          if ('refusal' in stepped) continue;
          steps.push(step);
          review = stepped;
        }
        expect(after(begun, ...(JSON.parse(JSON.stringify(steps)) as ReviewStep[])).sentences).toEqual(
          review.sentences,
        );
      }),
      { seed, numRuns: 200 },
    );
  });

  it('end in documents whose mentions are those of the sentences, at the offsets of the text', () => {
    fc.assert(
      fc.property(taggedTexts, drawnSteps, fc.integer({ min: 0, max: 100 }), (documents, draws, percent) => {
        const review = walk(beginReview(documents, ['Gene', 'Virus']), draws);
        const threshold = percent / 100;
        const written = reviewedDocuments(review, threshold).flatMap((document) => tokenMentions(document));
        const wanted = review.sentences.map(({ mentions }) =>
          mentions
            .filter(
              ({ decision, confidence }) =>
                decision === 'accepted' || (decision === 'open' && (confidence ?? 1) >= threshold),
            ) // prettier-ignore
            .map(({ type, start, end }) => ({ type, start, end })),
        );
        expect(written.map((own) => own.map(({ type, start, end }) => ({ type, start, end })))).toEqual(wanted);
      }),
      { seed, numRuns: 200 },
    );
  });
});

describe('a step', () => {
  it('rejects, changes and adds mentions, and what is decided altogether is reviewed', () => {
    const rejected = after(smallReview(), { kind: 'reject', sentence: 0, mention: 1 });
    expect(rejected.reviewedCount).toBe(0);
    const changed = after(rejected, { kind: 'retype', sentence: 0, mention: 0, type: 'Gene' });
    expect(changed.reviewedCount).toBe(1);
    expect(changed.sentences[0]?.mentions[0]).toMatchObject({
      type: 'Gene',
      decision: 'accepted',
      was: { type: 'Disease', start: 0, end: 1 },
    });
    const added = after(changed, { kind: 'add', sentence: 0, type: 'Gene', start: 0, end: 3 });
    // What it covers is rejected, as the tagger found it.
    expect(added.sentences[0]?.mentions.map(({ type, decision, was }) => [type, decision, was])).toEqual([
      ['Disease', 'rejected', null],
      ['Gene', 'accepted', null],
      ['Disease', 'rejected', null],
    ]);
    const back = after(added, { kind: 'undo' }, { kind: 'undo' }, { kind: 'undo' });
    expect(back.sentences).toEqual(smallReview().sentences);
  });

  it('moves borders within the sentence, never into another mention, and back to what the tagger found', () => {
    const review = smallReview();
    const wider = after(review, { kind: 'move', sentence: 0, mention: 0, start: 0, end: 3 });
    expect(wider.sentences[0]?.mentions[0]).toMatchObject({ end: 3, was: { end: 1 } });
    expect(after(wider, { kind: 'move', sentence: 0, mention: 0, start: 0, end: 1 }).sentences[0]?.mentions[0]?.was).toBeNull(); // prettier-ignore
    for (const [start, end] of [
      [0, 6],
      [2, 2],
      [-1, 2],
      [0, 99],
    ] as const)
      // prettier-ignore
      expect(stepReview(review, { kind: 'move', sentence: 0, mention: 0, start, end })).toHaveProperty('refusal');
  });

  it('reviews a sentence from the threshold on, and takes the annotation instead of what was found', () => {
    const gold = [{ type: 'disease', start: 0, end: 13, confidence: null }];
    const review = smallReview(gold);
    const reviewed = after(review, { kind: 'review', sentences: [0], threshold: 0.5 });
    expect(reviewed.sentences[0]?.mentions.map(({ decision }) => decision)).toEqual(['accepted', 'rejected']);
    expect(differsFromAnnotation(reviewed, 0)).toBe(true);
    const taken = after(reviewed, { kind: 'annotated', sentence: 0 });
    expect(taken.sentences[0]?.mentions.filter(isLive)).toMatchObject([
      { type: 'Disease', start: 0, end: 3, origin: 'annotation', decision: 'accepted' },
    ]);
    expect(differsFromAnnotation(taken, 0)).toBe(false);
    expect(stepReview(smallReview(), { kind: 'annotated', sentence: 0 })).toHaveProperty('refusal');
  });
});

describe('the order of a review', () => {
  const documents = ['Ague rose.', 'Nothing rose.', 'Brann fell.', 'Morvane fell.'].map((text, index) => ({
    ...documentOfText(`d${index}`, text),
    gold: [],
    mentions: [0.8, null, 0.3, 0.8].flatMap((confidence, at) =>
      at === index && confidence !== null ? [{ type: 'Disease', start: 0, end: 4, confidence }] : [],
    ),
  }));
  // The last mention would end within its word.
  const review = beginReview(
    documents.map((one) => ({ ...one, mentions: one.mentions.map((mention) => ({ ...mention, end: one.sentences[0]?.[0]?.end ?? 4 })) })), // prettier-ignore
    ['Disease'],
  );

  it('puts the least certain sentence first and those without a mention last, and keeps the text’s order among equals', () => {
    expect(orderSentences(review, 'unsure')).toEqual([2, 0, 3, 1]);
    expect(orderSentences(review, 'text')).toEqual([0, 1, 2, 3]);
    const edited = after(review, { kind: 'reject', sentence: 2, mention: 0 });
    expect(orderSentences(edited, 'unsure')).toEqual([2, 0, 3, 1]);
  });

  it('filters what is not reviewed, but for the sentence in focus, and finds the next', () => {
    const edited = after(review, { kind: 'review', sentences: [2, 3], threshold: 0 });
    const order = orderSentences(edited, 'unsure');
    expect(filterSentences(edited, order, 'unreviewed')).toEqual([0, 1]);
    expect(filterSentences(edited, order, 'unreviewed', 2)).toEqual([2, 0, 1]);
    expect(filterSentences(edited, order, 'all')).toEqual(order);
    expect(nextUnreviewed(edited, order, 0)).toBe(1);
    expect(nextUnreviewed(edited, order, 1)).toBe(0);
    expect(nextUnreviewed(after(edited, { kind: 'review', sentences: [0, 1], threshold: 0 }), order, 0)).toBeNull();
  });
});

describe('the id that a person chose', () => {
  const ague = { id: 'D:1', name: 'ague' } as const;
  const choose = (link: typeof ague | null): ReviewStep => ({ kind: 'link', sentence: 0, mention: 0, link });
  const chosen = (review: Review) => review.sentences[0]?.mentions[0];

  it('accepts the mention, is undone and redone, and is refused twice; none of the candidates leaves the decision', () => {
    const review = smallReview();
    const linked = after(review, choose(ague));
    expect(chosen(linked)).toMatchObject({ choice: ague, decision: 'accepted', was: null });
    expect(after(linked, { kind: 'undo' }).sentences).toEqual(review.sentences);
    expect(after(linked, { kind: 'undo' }, { kind: 'redo' }).sentences).toEqual(linked.sentences);
    expect(stepReview(linked, choose(ague))).toEqual({ refusal: 'This mention has the id D:1.' });
    const none = after(review, choose(null));
    expect(chosen(none)).toMatchObject({ choice: null, decision: 'open' });
    expect(stepReview(none, choose(null))).toEqual({ refusal: 'This mention has no id.' });
    expect(chosen(after(linked, choose(null)))).toMatchObject({ choice: null, decision: 'accepted' });
  });

  it('goes with other borders, another type and a rejection, and stays where the type is given again', () => {
    const linked = after(smallReview(), choose(ague));
    const ofMention = { sentence: 0, mention: 0 } as const;
    expect(chosen(after(linked, { kind: 'retype', ...ofMention, type: 'Gene' }))).not.toHaveProperty('choice');
    expect(chosen(after(linked, { kind: 'move', ...ofMention, start: 0, end: 2 }))).not.toHaveProperty('choice');
    const rejected = after(linked, { kind: 'reject', ...ofMention });
    expect(chosen(rejected)).not.toHaveProperty('choice');
    expect(stepReview(rejected, choose(ague))).toEqual({ refusal: 'This mention is rejected.' });
    const none = after(smallReview(), choose(null), { kind: 'retype', ...ofMention, type: 'Disease' });
    expect(chosen(none)).toMatchObject({ choice: null, decision: 'accepted' });
  });

  it('is what every format with a place for ids writes, whatever a dictionary says', () => {
    const answer = { id: 'D:9', step: 'exact', isAmbiguous: false, candidates: [{ id: 'D:9', name: 'other', type: null, term: 'other', score: 1 }] } as const; // prettier-ignore
    const other: ReviewStep = { kind: 'link', sentence: 0, mention: 1, link: null };
    for (const format of formatsWithIds) {
      const idsOf = (review: Review) => {
        const linked = linkDocuments(reviewedDocuments(review, 0), () => answer);
        const { documents } = readDocuments(writeDocuments(format, linked, { name: 'a' }));
        return documents.flatMap(({ mentions }) => mentions.map(({ link }) => link?.id ?? null));
      };
      expect([format, idsOf(smallReview())]).toEqual([format, ['D:9', 'D:9']]);
      expect([format, idsOf(after(smallReview(), choose(ague), other))]).toEqual([format, ['D:1', null]]);
    }
  });

  it('has no score, which only a dictionary gives', () => {
    const [document] = reviewedDocuments(after(smallReview(), choose(ague)), 0);
    expect(document?.mentions).toEqual([
      { type: 'Disease', start: 0, end: 4, confidence: 0.9, link: ague, isLinkChosen: true },
      { type: 'Disease', start: 22, end: 29, confidence: 0.4 },
    ]);
  });
});
