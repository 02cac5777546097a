// Proves that reviews are stored step by step, open again as they were left, become corpora, and lead to the plan that trains on them.
import { afterEach, describe, expect, it } from 'vitest';
import { SPLITS } from '../../../../src/data/corpus/corpus.ts';
import { annotationFormats } from '../../../../src/data/documents/document.ts';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import type { LabState } from '../../../../src/lab/state/labState.ts';
import { offeredTaggers } from '../../../../src/lab/tagging/offeredTaggers.ts';
import { groupTaggers, retrainPlan, taggerName } from '../../../../src/lab/tagging/taggerGroups.ts';
import type { ModelRecord } from '../../../../src/schema/modelRecord.ts';
import { readCorpusSentences } from '../../../../src/storage/corpusRecords.ts';
import { STEPS_A_RECORD } from '../../../../src/storage/reviewRecords.ts';
import { fileInMemory } from '../../../../src/util/namedFile.ts';
import type { TaggerRef } from '../../../../src/wire/trainingProtocol.ts';
import { closeLabs, notices, openLab, settled, stockedLab, type LabBench } from '../../../fixtures/labBench.ts';
import { planFile } from '../../../fixtures/records.ts';

afterEach(closeLabs);

const TEXT = 'Ague rose. Morvane fell. Brann is ill.';

/** A lab in which a text of three sentences was tagged: the fake server finds the first token of each. */
async function taggedLab(text = TEXT): Promise<LabBench & { readonly ref: TaggerRef }> {
  const bench = await stockedLab();
  await bench.lab.startPlan(planFile({ seeds: [1] }));
  await settled(bench.lab);
  const [tagger] = offeredTaggers(bench.lab.getState());
  if (tagger === undefined) throw new Error('no tagger');
  await bench.lab.tag(tagger.ref, { kind: 'text', text });
  return { ...bench, ref: tagger.ref };
}

function reviewIn({ tagging }: LabState) {
  if (tagging?.review == null) throw new Error('nothing under review');
  return { id: tagging.id, review: tagging.review };
}

describe('a review', () => {
  it('begins with what was tagged and is stored with each step, so that another lab on the store goes on where this one was', async () => {
    const { lab, store, ref } = await taggedLab();
    const { id, review } = reviewIn(lab.getState());
    expect(review.sentences).toHaveLength(3);
    expect(lab.getState().reviews).toMatchObject([{ id, source: 'text', tagger: ref, sentences: 3 }]);
    expect(lab.reviews.step({ kind: 'reject', sentence: 0, mention: 0 })).toBeNull();
    expect(lab.reviews.step({ kind: 'add', sentence: 1, type: 'Disease', start: 1, end: 2 })).toBeNull();
    expect(lab.reviews.step({ kind: 'undo' })).toBeNull();
    expect(lab.reviews.step({ kind: 'redo' })).toBeNull();
    expect(lab.reviews.step({ kind: 'move', sentence: 1, mention: 0, start: 2, end: 2 })).toMatch(/at least one token/);
    await lab.reviews.stored();
    const left = reviewIn(lab.getState()).review;

    const other = await openLab({ store });
    expect(other.lab.getState().tagging).toBeNull();
    await other.lab.reviews.open(id);
    const found = reviewIn(other.lab.getState()).review;
    expect(found.sentences).toEqual(left.sentences);
    expect(found.reviewedCount).toBe(left.reviewedCount);
    expect(found.documents).toEqual(left.documents);
    // The steps before can still be undone, and further ones are stored behind them.
    expect(other.lab.reviews.step({ kind: 'undo' })).toBeNull();
    await other.lab.reviews.stored();
    const third = await openLab({ store });
    await third.lab.reviews.open(id);
    expect(reviewIn(third.lab.getState()).review.sentences).toEqual(reviewIn(other.lab.getState()).review.sentences);
  });

  it('stored before ids could be chosen opens, and takes the choice of one', async () => {
    const { lab, store } = await taggedLab();
    const { id } = reviewIn(lab.getState());
    lab.reviews.step({ kind: 'accept', sentence: 0, mention: 0 });
    await lab.reviews.stored();
    const [key = ''] = await store.keys(`review/${id}/steps/`);
    const old = [{ kind: 'accept', sentence: 0, mention: 0 }, { kind: 'reject', sentence: 1, mention: 0 }]; // prettier-ignore
    await store.write(key, new TextEncoder().encode(JSON.stringify(old)));
    const other = await openLab({ store });
    await other.lab.reviews.open(id);
    const mentionsOf = (bench: LabBench) => reviewIn(bench.lab.getState()).review.sentences.map(({ mentions }) => mentions[0]); // prettier-ignore
    expect(mentionsOf(other).map((mention) => mention?.decision)).toEqual(['accepted', 'rejected', 'open']);
    expect(mentionsOf(other)[0]).not.toHaveProperty('choice');
    const link = { id: 'D:1', name: 'ague' };
    expect(other.lab.reviews.step({ kind: 'link', sentence: 0, mention: 0, link })).toBeNull();
    expect(other.lab.reviews.step({ kind: 'link', sentence: 2, mention: 0, link: null })).toBeNull();
    await other.lab.reviews.stored();
    const third = await openLab({ store });
    await third.lab.reviews.open(id);
    expect(mentionsOf(third)).toEqual(mentionsOf(other));
    expect(mentionsOf(third)).toMatchObject([{ choice: link }, {}, { choice: null }]);
  });

  it('gives the chosen ids to its corpus, also where it is saved again with others', async () => {
    const { lab, store } = await taggedLab();
    lab.reviews.step({ kind: 'review', sentences: [0, 1, 2], threshold: 0 });
    const selection = { onlyReviewed: true, threshold: 0, division: { kind: 'train' } } as const;
    const idsOf = async (corpusId: string) => (await readCorpusSentences(store, corpusId)).train.map(({ mentions }) => mentions[0]?.link?.id ?? null); // prettier-ignore
    lab.reviews.step({ kind: 'link', sentence: 0, mention: 0, link: { id: 'D:1', name: 'ague' } });
    const corpusId = await lab.reviews.saveCorpus('mine', selection);
    expect(await idsOf(corpusId)).toEqual(['D:1', null, null]);
    lab.reviews.step({ kind: 'link', sentence: 0, mention: 0, link: null });
    lab.reviews.step({ kind: 'link', sentence: 2, mention: 0, link: { id: 'D:2', name: 'Brann' } });
    expect(await lab.reviews.saveCorpus('mine', selection)).toBe(corpusId);
    expect(await idsOf(corpusId)).toEqual([null, null, 'D:2']);
    expect(notices(lab).at(-1)).toMatch(/Its ids are now those of this review/);
    const [file] = await lab.exportCorpus(corpusId, 'PubTator');
    expect(new TextDecoder().decode(file?.bytes)).toMatch(/\tD:2$/m);
  });

  it('of more steps than a record holds loses none', async () => {
    const { lab, store } = await taggedLab();
    const { id } = reviewIn(lab.getState());
    for (let count = 0; count < STEPS_A_RECORD + 30; count++) {
      const kind = count % 2 === 0 ? 'reject' : 'restore';
      expect(lab.reviews.step({ kind, sentence: 0, mention: 0 })).toBeNull();
      if (count % 40 === 0) await lab.reviews.stored();
    }
    lab.reviews.step({ kind: 'review', sentences: [1], threshold: 0 });
    await lab.reviews.stored();
    expect((await store.keys(`review/${id}/steps/`)).length).toBe(2);
    const other = await openLab({ store });
    await other.lab.reviews.open(id);
    const [left, found] = [lab, other.lab].map((one) => reviewIn(one.getState()).review);
    expect(found?.sentences).toEqual(left?.sentences);
  });

  it('is removed with its text, and one that is unknown or damaged is told', async () => {
    const { lab, store } = await taggedLab();
    const { id } = reviewIn(lab.getState());
    await expect(lab.reviews.open('none')).rejects.toMatchObject({ code: 'review/unknown' });
    await lab.reviews.remove(id);
    expect(lab.getState()).toMatchObject({ tagging: null, reviews: [] });
    expect(await store.keys('review/')).toEqual([]);
    await store.write('review/bad/record', new TextEncoder().encode('{'));
    const other = await openLab({ store });
    expect(other.lab.getState().unreadable).toMatchObject([{ kind: 'review', id: 'bad' }]);
    await other.lab.removeUnreadable('review', 'bad');
    expect(await store.keys('review/')).toEqual([]);
  });

  it('goes on in this tab where storage is full, and says so', async () => {
    const bench = await taggedLab();
    const { store, lab, ref } = bench;
    const { write } = store;
    store.write = (key, bytes) =>
      key.startsWith('review/') ? Promise.reject(new Error('no space')) : write(key, bytes);
    await lab.tag(ref, { kind: 'text', text: TEXT });
    expect(notices(lab).at(-1)).toMatch(/not stored and lasts only until this tab is closed.*no space/s);
    expect(lab.reviews.step({ kind: 'reject', sentence: 0, mention: 0 })).toBeNull();
    expect(reviewIn(lab.getState()).review.reviewedCount).toBe(1);
  });

  it('keeps ten that nobody touched, and all with a step', async () => {
    const { lab, ref } = await taggedLab();
    const first = reviewIn(lab.getState()).id;
    lab.reviews.step({ kind: 'reject', sentence: 0, mention: 0 });
    await lab.reviews.stored();
    for (let count = 0; count < 12; count++) await lab.tag(ref, { kind: 'text', text: TEXT });
    expect(lab.getState().reviews).toHaveLength(11);
    expect(lab.getState().reviews.at(-1)?.id).toBe(first);
  });
});

describe('a corpus of a review', () => {
  it('is in the library with its origin, and trains beside the corpus the tagger was trained on', async () => {
    const { lab, store } = await taggedLab();
    lab.reviews.step({ kind: 'reject', sentence: 0, mention: 0 });
    lab.reviews.step({ kind: 'review', sentences: [1], threshold: 0 });
    const selection = { onlyReviewed: true, threshold: 0, division: { kind: 'train' } } as const;
    await expect(lab.reviews.saveCorpus('moss', selection)).rejects.toMatchObject({ code: 'corpus/name' });
    const id = await lab.reviews.saveCorpus('mine', selection);
    const corpus = lab.getState().corpora.find((one) => one.id === id);
    expect(corpus).toMatchObject({
      name: 'mine',
      counts: { train: { sentences: 2, mentions: 1 }, devel: { sentences: 0 }, test: { sentences: 0 } },
      review: { source: 'text', reviewedSentences: 2, accepted: 1, rejected: 1, untouched: 0, joinedWith: null },
    });
    // Its text is there as it was pasted, with what was not reviewed.
    expect((await openLab({ store })).lab.getState().corpora.find((one) => one.id === id)).toEqual(corpus);
    expect(await lab.reviews.saveCorpus('again', selection)).toBe(id);

    if (corpus === undefined) throw new Error('no corpus');
    const plan = retrainPlan(lab.getState(), corpus);
    expect(plan).toMatchObject({ methods: ['MTL-XC'], seeds: [1], categories: [{ tasks: [{ corpus: { name: 'moss' } }, { corpus: { name: 'mine' } }] }] }); // prettier-ignore
    if (plan === null) throw new Error('no plan');
    // The plan can be started as it is.
    expect(lab.previewPlan(plan).nodes.map(({ spec }) => spec.tasks.map((task) => task.corpus.name))).toEqual([['moss', 'mine']]); // prettier-ignore
    expect(plan.config).toEqual(lab.getState().runs[0]?.record.spec.config);
  });

  it('is exported in every format, which is read again with the same sentences, mentions and types', async () => {
    const { lab } = await taggedLab();
    lab.reviews.step({ kind: 'retype', sentence: 0, mention: 0, type: 'Gene' });
    lab.reviews.step({ kind: 'review', sentences: [1, 2], threshold: 0 });
    const id = await lab.reviews.saveCorpus('mine', { onlyReviewed: true, threshold: 0, division: { kind: 'train' } });
    for (const format of annotationFormats) {
      const files = await lab.exportCorpus(id, format);
      expect(files.every(({ path, bytes }) => path.startsWith('train/') && bytes.length > 0)).toBe(true);
      const other = await openLab();
      const { corpusIds } = await other.lab.importFiles(files.map(fileInMemory));
      const [read] = other.lab.getState().corpora;
      // Of documents of one sentence each, as Hugging Face has them, some are drawn for devel.
      const total = (what: 'sentences' | 'mentions') =>
        SPLITS.reduce((sum, split) => sum + (read?.counts[split][what] ?? 0), 0);
      expect([format, corpusIds.length, total('sentences'), total('mentions')]).toEqual([format, 1, 3, 3]);
      expect([format, read?.types]).toEqual([format, ['Disease', 'Gene']]);
    }
    await expect(lab.exportCorpus('none', 'BRAT')).rejects.toMatchObject({ code: 'corpus/unknown' });
  });

  it('joined with the tagger’s corpus takes its place in the plan', async () => {
    const { lab } = await taggedLab();
    const moss = lab.getState().corpora.find(({ name }) => name === 'moss');
    if (moss === undefined) throw new Error('no moss');
    lab.reviews.step({ kind: 'review', sentences: [0, 1, 2], threshold: 0 });
    const division = { kind: 'joined', corpusId: moss.id } as const;
    const id = await lab.reviews.saveCorpus('both', { onlyReviewed: true, threshold: 0, division });
    const corpus = lab.getState().corpora.find((one) => one.id === id);
    expect(corpus?.counts.train.sentences).toBe(moss.counts.train.sentences + 3);
    expect(corpus?.counts.test).toEqual(moss.counts.test);
    const plan = corpus === undefined ? null : retrainPlan(lab.getState(), corpus);
    expect(plan?.categories.flatMap(({ tasks }) => tasks.map((task) => task.corpus.name))).toEqual(['both']);
    if (plan !== null) expect(lab.previewPlan(plan).nodes).toHaveLength(1);
  });
});

describe('the taggers offered', () => {
  it('are grouped: with the lab, by experiment, imported; each named by task, method, seed and epoch', async () => {
    const { lab } = await taggedLab();
    const { runs, models } = lab.getState();
    const [tiny] = models;
    if (tiny === undefined) throw new Error('no model');
    const head = { types: ['Gene'] } as unknown as NonNullable<ModelRecord['tagger']>;
    const shipped = { ...tiny, id: 'shipped', builtIn: true, tagger: head };
    const imported = { ...tiny, id: 'imported', tagger: head };
    const taggers = offeredTaggers({ runs, models: [tiny, imported, shipped] });
    const groups = groupTaggers(taggers, runs.map(({ record }) => record), () => 2); // prettier-ignore
    expect(groups.map(({ kind, name }) => [kind, name])).toEqual([
      ['shipped', 'Comes with the lab'],
      ['experiment', expect.stringMatching(/^moss, tiny$/)],
      ['imported', 'Imported'],
    ]);
    expect(groups.flatMap((group) => group.taggers)).toHaveLength(taggers.length);
    const [, own] = groups;
    expect(own?.taggers[0] && taggerName(own.taggers[0], () => 2)).toMatch(/^moss · .+, STL, seed 1, epoch \d+$/);
  });

  it('have the names that people gave runs and experiments, and still say method, seed and epoch', async () => {
    const { lab } = await taggedLab();
    const { runs, models } = lab.getState();
    const records = runs.map(({ record }) => record);
    const taggers = offeredTaggers({ runs, models });
    const [tagger] = taggers;
    const named = (id: string) => (id === records[0]?.spec.id ? 'best of May' : undefined);
    expect(tagger && taggerName(tagger, () => 2, named)).toMatch(/^best of May, STL, seed 1, epoch \d+$/);
    const [experiment] = buildComparisons(records, () => 2);
    const groups = groupTaggers(taggers, records, () => 2, (id) => (id === experiment?.id ? 'moss, first try' : undefined)); // prettier-ignore
    expect(groups.map(({ name }) => name)).toContain('moss, first try');
  });
});
