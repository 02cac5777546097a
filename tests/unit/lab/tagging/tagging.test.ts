// Proves that the lab tags text from any source chunk by chunk, cancels and fails without loss, and scores, splits and counts the result.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { mentionsToTags } from '../../../../src/data/corpus/tagScheme.ts';
import type { AnnotatedDocument, AnnotatedMention } from '../../../../src/data/documents/document.ts';
import { documentOfText, sentencesOfDocument } from '../../../../src/data/documents/documentSentences.ts';
import { offeredTaggers, taggerKey } from '../../../../src/lab/tagging/offeredTaggers.ts';
import {
  matchTypes,
  scoreDocuments,
  scoreSplit,
  type LabelledDocument,
} from '../../../../src/metrics/scores/scoreSplit.ts';
import { confidentDocuments, countTypes } from '../../../../src/ui/tag/TaggingResults.tsx';
import type { TaggerRef } from '../../../../src/wire/trainingProtocol.ts';
import { droppedText } from '../../../fixtures/drops.ts';
import { closeLabs, settled, stockedLab, type LabBench } from '../../../fixtures/labBench.ts';
import { planFile } from '../../../fixtures/records.ts';
import { taggedTexts } from '../../../fixtures/reviews.ts';

afterEach(closeLabs);

/** A lab with a finished run, and its snapshot as the tagger. */
async function labWithTagger(): Promise<LabBench & { readonly ref: TaggerRef }> {
  const bench = await stockedLab();
  await bench.lab.startPlan(planFile({ seeds: [1] }));
  await settled(bench.lab);
  const [tagger] = offeredTaggers(bench.lab.getState());
  if (tagger === undefined) throw new Error('no tagger');
  return { ...bench, ref: tagger.ref };
}

describe('text to tag', () => {
  it('is tagged with offsets into the pasted text', async () => {
    const { lab, ref } = await labWithTagger();
    const text = ' Ague rose.  \n\nMorvane fell (twice). ';
    await lab.tag(ref, { kind: 'text', text });
    const { tagging } = lab.getState();
    expect(tagging).toMatchObject({ tagger: ref, status: 'done', documentCount: 1, problem: null, progress: null });
    const [document] = tagging?.documents ?? [];
    expect(document?.text).toBe(text);
    expect(document?.gold).toEqual([]);
    // The fake server finds the first token of each sentence.
    expect(document?.mentions.map(({ start, end }) => text.slice(start, end))).toEqual(['Ague', 'Morvane']);
  });

  it('may come as files of several formats, whose annotations stay beside the predictions', async () => {
    const { lab, ref } = await labWithTagger();
    const files = [
      droppedText('notes/a.txt', 'Ague rose.'),
      droppedText('notes/a.ann', 'T1\tDisease 0 4\tAgue\n'),
      droppedText('notes/plain.txt', 'Brann fell.'),
      droppedText('notes/rows.tsv', 'Morvane\tB-Disease\nrose\tO\n.\tO\n\n'),
      droppedText('notes/picture.png', 'x'),
    ];
    await lab.tag(ref, { kind: 'files', files });
    const { documents = [], issues, status } = lab.getState().tagging ?? {};
    expect(status).toBe('done');
    expect(Object.fromEntries(documents.map(({ id, gold }) => [id, gold.map(({ type }) => type)]))).toEqual({
      a: ['Disease'],
      plain: [],
      rows: ['Disease'],
    });
    expect(documents.every(({ mentions }) => mentions.length === 1)).toBe(true);
    expect(issues?.map(({ file: path }) => path)).toEqual(['notes/picture.png']);
  });

  it('may be a split of a corpus', async () => {
    const { lab, ref } = await labWithTagger();
    const [corpus] = lab.getState().corpora;
    const { train } = await lab.readCorpus(corpus?.id ?? '');
    await lab.tag(ref, { kind: 'corpus', corpusId: corpus?.id ?? '', split: 'train' });
    const documents = lab.getState().tagging?.documents ?? [];
    expect(documents.flatMap(({ gold }) => gold)).toHaveLength(train.flatMap(({ mentions }) => mentions).length);
    expect(documents.flatMap(({ sentences }) => sentences)).toHaveLength(train.length);
  });

  it('is sent in chunks, and tagged chunks stay when cancelled', async () => {
    const { lab, ref, server } = await labWithTagger();
    const sentences = Array.from({ length: 200 }, (_, at) => `Ague rose ${at} times.`).join('\n');
    const files = Array.from({ length: 10 }, (_, at) => droppedText(`${at}.txt`, sentences));
    const seen: number[] = [];
    lab.subscribe(() => {
      const done = lab.getState().tagging?.documents.length ?? 0;
      seen.push(done);
      if (done >= 4) lab.stopTagging();
    });
    await lab.tag(ref, { kind: 'files', files });
    const { tagging } = lab.getState();
    expect(tagging).toMatchObject({ status: 'stopped', documentCount: 10, progress: null });
    // Two documents of 200 sentences per call.
    expect([...new Set(seen)]).toEqual([0, 2, 4]);
    expect(tagging?.documents.map(({ id }) => id)).toEqual(['0', '1', '2', '3']);
    await expect.poll(() => server.interrupted.length).toBe(1);
  });

  it('of more sentences than a call takes is sent in pieces, with offsets into the whole text', async () => {
    const { lab, ref } = await labWithTagger();
    const text = `  ${Array.from({ length: 1101 }, (_, at) => `Ague rose ${at} times.`).join('\n')} `;
    const done: (number | undefined)[] = [];
    lab.subscribe(() => done.push(lab.getState().tagging?.progress?.done));
    await lab.tag(ref, { kind: 'text', text });
    const [document] = lab.getState().tagging?.documents ?? [];
    expect(document?.sentences).toHaveLength(1101);
    expect(document?.mentions.map(({ start, end }) => text.slice(start, end))).toEqual(Array(1101).fill('Ague'));
    expect(document?.mentions.map(({ start }) => start)).toEqual(document?.sentences.map(([token]) => token?.start));
    expect(done).toEqual(expect.arrayContaining([500, 1000, 1101]));
  });

  it('is rejected without a tagger, and a server failure is reported beside the mentions found', async () => {
    const { lab, ref, server } = await labWithTagger();
    await expect(lab.tag({ kind: 'model', modelId: 'none' }, { kind: 'text', text: 'Ague.' })).rejects.toMatchObject({ code: 'tagger/unknown' }); // prettier-ignore
    server.client.close();
    await lab.tag(ref, { kind: 'text', text: 'Ague rose.' });
    expect(lab.getState().tagging).toMatchObject({ status: 'failed', problem: { code: 'worker/lost' }, documents: [] });
  });

  it('can be tagged by the saved snapshots of runs whose model is in the library', async () => {
    const { lab, ref } = await labWithTagger();
    expect(taggerKey(ref)).toMatch(/^[0-9a-f]{16}@\d+$/);
    expect(offeredTaggers({ ...lab.getState(), models: [] })).toEqual([]);
  });
});

/** A text of sentences of up to four words, some of them mentions. */
const annotated = fc
  .array(
    fc.array(
      fc.record({
        word: fc.stringMatching(/^[a-z]{1,6}$/),
        confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    { minLength: 1, maxLength: 6 },
  ) // prettier-ignore
  .map((drawn): AnnotatedDocument => {
    let text = '';
    const mentions: AnnotatedMention[] = [];
    const sentences = drawn.map((words) => {
      const spans = words.map(({ word, confidence }) => {
        const span = { start: text.length, end: text.length + word.length };
        text += `${word} `;
        if (confidence !== null) mentions.push({ type: word.length > 3 ? 'Gene' : 'Virus', ...span, confidence });
        return span;
      });
      text += '\n ';
      return spans;
    });
    return { id: 'drawn', text, sentences, mentions };
  });

describe('a tagged document', () => {
  it('shows the mentions that reach the threshold, and counts the others', () => {
    fc.assert(
      fc.property(annotated, fc.double({ min: 0, max: 1, noNaN: true }), (document, threshold) => {
        const [confident] = confidentDocuments([document], threshold);
        const counts = countTypes(confident === undefined ? [] : [confident], [document], ['Gene', 'Virus']);
        expect(confident?.mentions.every(({ confidence }) => (confidence ?? 1) >= threshold)).toBe(true);
        expect(counts.reduce((sum, { shown }) => sum + shown, 0)).toBe(confident?.mentions.length);
        expect(counts.reduce((sum, { shown, hidden }) => sum + shown + hidden, 0)).toBe(document.mentions.length);
      }),
    );
  });
});

describe('scores of documents', () => {
  const labelled = (gold: readonly AnnotatedMention[], mentions: readonly AnnotatedMention[]): LabelledDocument => ({
    ...documentOfText('d', 'Ague and brann ague rose.'),
    gold,
    mentions,
  });
  const at = (type: string, start: number, end: number): AnnotatedMention => ({ type, start, end, confidence: null });

  it('count exact spans under the types that are compared', () => {
    const document = labelled(
      [at('DISO', 0, 4), at('DISO', 9, 19), at('CHEM', 20, 24)],
      [at('Disease', 0, 4), at('Disease', 15, 19), at('Gene', 20, 24)],
    );
    const scores = scoreDocuments([document], { Disease: 'DISO', Gene: null });
    expect(scores.overall).toMatchObject({ gold: 2, predicted: 2, correct: 1, precision: 50, recall: 50, f1: 50 });
    expect(scoreDocuments([document], { Disease: null, Gene: 'CHEM' }).overall).toMatchObject({
      gold: 1,
      f1: 100,
    });
  });

  it('are those of conlleval on the tags of the same mentions', () => {
    fc.assert(
      fc.property(taggedTexts, (documents) => {
        const tags = (of: 'gold' | 'mentions') =>
          documents.flatMap((document) =>
            sentencesOfDocument({ ...document, mentions: document[of] }).map(({ tokens, mentions }) =>
              mentionsToTags(mentions, tokens.length, 'IOB2'),
            ),
          );
        const { lenient, strict } = scoreSplit(tags('gold'), tags('mentions'), 'IOB2');
        const scores = scoreDocuments(documents, { Gene: 'Gene', Virus: 'Virus' });
        expect([scores, scores]).toEqual([lenient, strict]);
      }),
      { seed: 17, numRuns: 200 },
    );
  });

  it('compare types of the same name, or the only types', () => {
    expect(matchTypes(['Disease', 'Gene'], ['disease', 'GENE', 'Cell'])).toEqual({ Disease: 'disease', Gene: 'GENE' });
    expect(matchTypes(['Chemical'], ['CHEBI'])).toEqual({ Chemical: 'CHEBI' });
    expect(matchTypes(['Chemical'], ['CHEBI', 'Cell'])).toEqual({ Chemical: null });
  });
});
