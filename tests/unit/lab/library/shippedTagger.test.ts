// Proves that the shipped tagger is fetched when wanted and once, shows its bytes, stays removed until asked for again, and fails without loss.
import { afterEach, describe, expect, it } from 'vitest';
import { offeredTaggers } from '../../../../src/lab/tagging/offeredTaggers.ts';
import { shippedTagger } from '../../../../src/lab/tagging/predictions.ts';
import type { ShippedTagger } from '../../../../src/schema/taggerFiles.ts';
import { newPlanDraft, samplePlan } from '../../../../src/ui/train/planDraft.ts';
import { readPlanDraft } from '../../../../src/ui/train/readPlanDraft.ts';
import { droppedCorpus, droppedModel } from '../../../fixtures/drops.ts';
import { beginLab, closeLabs, notices, openLab } from '../../../fixtures/labBench.ts';
import { sharedOwnership } from '../../../fixtures/sharedOwnership.ts';
import { shippedHost } from '../../../fixtures/shippedFiles.ts';

afterEach(closeLabs);

const waiting = { waitForWanted: true } as const;

describe('the shipped tagger', () => {
  it('is not fetched before a page wants it, then once, with its bytes shown', async () => {
    const host = shippedHost();
    const { lab } = await openLab({ ...waiting, fetchBuiltIn: host.fetchBuiltIn });
    expect(lab.getState().shipped).toEqual({ status: 'unwanted' });
    expect(host.asked).toEqual([]);
    const seen: ShippedTagger[] = [];
    lab.subscribe(() => void (seen.at(-1) !== lab.getState().shipped && seen.push(lab.getState().shipped)));
    await Promise.all([lab.wantShippedTagger(), lab.wantShippedTagger()]);
    await lab.wantShippedTagger();
    expect(host.asked).toHaveLength(1 + host.card.files.length);
    const ofBytes = host.card.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(seen.filter(({ status }) => status === 'fetching').length).toBeGreaterThan(2);
    expect(seen.at(-2)).toEqual({ status: 'fetching', doneBytes: ofBytes, ofBytes });
    expect(lab.getState().shipped).toEqual({ status: 'known', installed: true, card: host.card });
    expect(notices(lab)).toEqual([]);
  });

  it('is among the taggers and models, but never what a plan begins with', async () => {
    const { fetchBuiltIn } = shippedHost();
    const { lab } = await openLab({ ...waiting, fetchBuiltIn });
    await lab.wantShippedTagger();
    const state = lab.getState();
    const found = shippedTagger(state);
    expect(found).toMatchObject({ types: ['Disease'], model: { name: 'tiny-tagger', builtIn: true } });
    expect(offeredTaggers(state).map(({ ref }) => ref)).toContainEqual(found?.ref);
    await lab.importFiles(droppedCorpus('moss'));
    const withCorpus = lab.getState();
    expect(
      samplePlan({ ...withCorpus, corpora: withCorpus.corpora.map((one) => ({ ...one, builtIn: true })) }, null),
    ).toBe(null);
    expect(readPlanDraft(newPlanDraft(), withCorpus).plan?.model ?? null).toBe(null);
    await lab.importFiles(droppedModel('an-encoder'));
    expect(readPlanDraft(newPlanDraft(), lab.getState()).plan?.model.name).toBe('an-encoder');
  });

  it('is there after reopening, without a download of its weights', async () => {
    const { fetchBuiltIn, store } = { ...shippedHost(), ...(await installed()) };
    const host = shippedHost();
    const { lab } = await openLab({ ...waiting, store, fetchBuiltIn: host.fetchBuiltIn });
    expect(shippedTagger(lab.getState())).not.toBe(null);
    await lab.wantShippedTagger();
    expect(host.asked).toEqual(['taggers/catalogue.json']);
    expect(lab.getState().shipped).toMatchObject({ status: 'known', installed: true });
    expect(typeof fetchBuiltIn).toBe('function');
  });

  it('stays removed until it is asked for again', async () => {
    const { store } = await installed();
    const host = shippedHost();
    const { lab } = await openLab({ ...waiting, store, fetchBuiltIn: host.fetchBuiltIn });
    await lab.removeModel(lab.getState().models[0]?.id ?? '');
    await lab.wantShippedTagger();
    expect(lab.getState().shipped).toMatchObject({ status: 'known', installed: false });
    expect(shippedTagger(lab.getState())).toBe(null);
    await lab.wantShippedTagger(true);
    expect(lab.getState().shipped).toMatchObject({ status: 'known', installed: true });
    expect(shippedTagger(lab.getState())).not.toBe(null);
  });

  it('says why it cannot be fetched, and is fetched at the next attempt', async () => {
    const host = shippedHost();
    const { lab } = await openLab({ ...waiting, fetchBuiltIn: host.fetchBuiltIn });
    const weights = host.files.get('taggers/tiny-tagger/model.safetensors') ?? '';
    host.files.set('taggers/tiny-tagger/model.safetensors', weights.slice(1));
    await lab.wantShippedTagger();
    expect(lab.getState().shipped).toMatchObject({ status: 'failed', problem: { code: 'built-in/size' } });
    expect(lab.getState().models).toEqual([]);
    host.files.set('taggers/tiny-tagger/model.safetensors', weights);
    host.files.set('taggers/catalogue.json', '{"version":2}');
    await lab.wantShippedTagger(true);
    expect(lab.getState().shipped).toMatchObject({ status: 'failed', problem: { code: 'built-in/catalogue' } });
    host.files.set('taggers/catalogue.json', JSON.stringify(host.card));
    await lab.wantShippedTagger(true);
    expect(lab.getState().shipped.status).toBe('known');
  });

  it('waits, in a second tab, until that one has the lab', async () => {
    const shared = sharedOwnership();
    const first = shared.tab();
    const { store } = await openLab({ ...waiting, ownership: first.ownership });
    const host = shippedHost();
    const second = beginLab({ ...waiting, store, fetchBuiltIn: host.fetchBuiltIn, ownership: shared.tab().ownership });
    const wanted = second.lab.wantShippedTagger();
    await expect.poll(() => second.lab.getState().opened).toBe(true);
    expect(host.asked).toEqual([]);
    first.close();
    await Promise.all([second.opening, wanted]);
    expect(second.lab.getState().shipped.status).toBe('known');
  });
});

/** A store in which the shipped tagger was installed. */
async function installed() {
  const { fetchBuiltIn } = shippedHost();
  const { lab, store } = await openLab({ ...waiting, fetchBuiltIn });
  await lab.wantShippedTagger();
  return { store };
}
