// Proves that CollaboNet trains in turns from STL runs that it does not change, resumes bit for bit, tags and exports what it scored, and that HunFlair's form learns.
import { beforeAll, describe, expect, it } from 'vitest';
import type { LanguageChoice } from '../../src/data/words/baselines.ts';
import { expandPlan } from '../../src/lab/plans/expandPlan.ts';
import { planOfRuns } from '../../src/lab/plans/exportResult.ts';
import { presets } from '../../src/lab/plans/presets.ts';
import { encoderShapes } from '../../src/model/families/encoderConfig.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { ModelRecord } from '../../src/schema/modelRecord.ts';
import { lineageFault } from '../../src/schema/runLineage.ts';
import type { RunRecord, RunSpec } from '../../src/schema/runRecord.ts';
import { saveCorpus } from '../../src/storage/corpusRecords.ts';
import { memory } from '../../src/storage/store.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { importModel } from '../../src/training/importModel.ts';
import { loadModel, loadTagger } from '../../src/training/loadTagger.ts';
import { categoryPlan, corpusRecord } from '../fixtures/records.ts';
import { tinySentences } from '../fixtures/tinyRun.ts';
import { tinyServer } from '../fixtures/tinyServer.ts';
import { bitsOf, outcome } from '../fixtures/tinyTraining.ts';
import { exportedFiles } from '../fixtures/trainedTagger.ts';

const store = memory();
const client = tinyServer(store);
const corpora = [corpusRecord('moss'), corpusRecord('fern')];
const short: TrainingConfig = { ...presets.recurrent.config, maxPieces: 16, epochs: 2, snapshots: 1, batchSize: 4, microBatchSize: 3 }; // prettier-ignore

async function madeModel(form: 'lample' | 'hunflair', language?: LanguageChoice): Promise<ModelRecord> {
  const named = corpora.map(({ id, name }) => ({ id, name }));
  const made = await client.call('makeBaseline', { id: form, name: 'tiny', form, corpora: named, vectors: null, firstWords: 0, language }); // prettier-ignore
  if (made === null) throw new Error('nothing was made');
  return made.record;
}

beforeAll(async () => {
  await client.call('start', 'wasm');
  for (const corpus of corpora) await saveCorpus(store, corpus, tinySentences);
});

describe('CollaboNet', () => {
  const records = new Map<string, RunRecord>();
  const before = new Map<string, unknown>();
  let specs: readonly RunSpec[];
  let model: ModelRecord;

  beforeAll(async () => {
    model = await madeModel('lample');
    const plan = { ...categoryPlan({ config: short, seeds: [1] }), methods: ['CollaboNet' as const], slicingRates: [], turns: 2 }; // prettier-ignore
    specs = expandPlan(plan, { corpora, models: [model] });
    for (const spec of specs) {
      records.set(spec.id, await client.call('train', spec));
      before.set(spec.id, await outcome(store, spec.id));
    }
  }, 200_000);

  const collaborating = (): readonly RunSpec[] => specs.filter(({ method }) => method === 'CollaboNet');

  it('trains each task alone, then each in turn, every run reading the latest of the others', () => {
    for (const { failure, status } of records.values()) expect([failure, status]).toEqual([null, 'finished']);
    expect(specs.map(({ method, collaboration }) => `${method} ${collaboration?.turn ?? 0}`)).toEqual(['STL 0', 'STL 0', 'CollaboNet 1', 'CollaboNet 1', 'CollaboNet 2', 'CollaboNet 2']); // prettier-ignore
    expect(lineageFault(specs)).toBeNull();
    const [first, second, third, fourth] = collaborating();
    expect(first?.collaboration?.helpers).toEqual([second?.parent]);
    expect(second?.collaboration?.helpers).toEqual([first?.parent]);
    expect([third?.parent, third?.collaboration?.helpers]).toEqual([first?.id, [second?.id]]);
    expect([fourth?.parent, fourth?.collaboration?.helpers]).toEqual([second?.id, [third?.id]]);
    expect(expandPlan(planOfRuns(specs, [model]), { corpora, models: [model] }).map(({ id }) => id).sort()).toEqual(specs.map(({ id }) => id).sort()); // prettier-ignore
  });

  it('changes no weight of the runs it reads, and learns its scales', async () => {
    for (const spec of specs) expect(await outcome(store, spec.id)).toEqual(before.get(spec.id));
    const [first] = collaborating();
    const snapshot = await loadSnapshot(store, first?.id ?? '', 2);
    expect([...snapshot.keys()].filter((name) => name.startsWith('embedding.helper.'))).toEqual([]);
    const [scale = 1] = snapshot.get('embedding.scales')?.values ?? [];
    expect(scale).not.toBe(1);
  });

  it('ends bit for bit the same when it is paused and goes on', async () => {
    const spec = collaborating()[3] as RunSpec;
    const again = memory();
    for (const key of await store.keys('')) {
      if (key.startsWith(`run/${spec.id}/`)) continue;
      await again.write(key, (await store.read(key)) as Uint8Array<ArrayBuffer>);
    }
    const other = tinyServer(again);
    await other.call('start', 'wasm');
    let steps = 0;
    const stop = other.onEvent((event) => {
      if (event.kind === 'step' && ++steps === 3) void other.call('interrupt', { runId: spec.id, how: 'pause' });
    });
    expect((await other.call('train', spec)).status).toBe('paused');
    stop();
    expect((await other.call('train', spec)).status).toBe('finished');
    expect(await outcome(again, spec.id)).toEqual(before.get(spec.id));
  });

  it('is exported with the taggers it reads, and tags the same when it comes back', async () => {
    const spec = collaborating()[2] as RunSpec;
    const ref = { kind: 'snapshot', runId: spec.id, epoch: 2 } as const;
    const files = await exportedFiles(store, { tagger: ref, precision: 'F32' });
    const text = (name: string): string => new TextDecoder().decode(files.find((one) => one.name === name)?.bytes);
    expect(JSON.parse(text('config.json'))).toMatchObject({ helpers: 1 });
    expect(text('README.md')).toContain('Collaboration (CollaboNet)');
    const back = memory();
    const record = await importModel(back, 'back', false, files);
    const { weights } = await loadTagger(store, ref);
    const { encoder, config } = await loadModel(back, record, false);
    for (const name of encoderShapes(config).keys()) expect(encoder.get(name), name).toEqual(weights.get(name));
  });
});

it('refuses other models and categories of one task', async () => {
  const plan = { ...categoryPlan({ config: short }), methods: ['CollaboNet' as const], slicingRates: [] };
  const record = { ...(await madeModel('lample')), family: 'window-cnn' as const };
  const named = { ...plan, model: { name: record.name } };
  expect(() => expandPlan(named, { corpora, models: [record] })).toThrow('CollaboNet is a method for BiLSTMs');
});

describe('HunFlair’s form', () => {
  it('trains language models, then a tagger over them that learns, with STL, MTL-XC and MTL-LS', async () => {
    const model = await madeModel('hunflair', { hidden: 8, epochs: 20 });
    const { config, encoder } = await loadModel(store, model, false);
    const stated = JSON.parse(new TextDecoder().decode(await store.read(`model/${model.id}/file/config.json`))) as { words: { language: { losses: number[] } } }; // prettier-ignore
    const { losses } = stated.words.language;
    expect(losses).toHaveLength(20);
    expect(losses.at(-1) as number).toBeLessThan((losses[0] as number) - 0.1);
    const { dropout } = presets.hunflair.config;
    const learning: TrainingConfig = { ...presets.hunflair.config, dropout: { ...dropout, encoder: 0.1, head: 0.1 }, maxPieces: 16, epochs: 15, snapshots: 1, batchSize: 8, microBatchSize: 8, learningRate: 2e-2 }; // prettier-ignore
    const alone = { ...categoryPlan({ config: learning, seeds: [1] }), methods: ['STL' as const], slicingRates: [] };
    const [stl] = expandPlan(alone, { corpora, models: [model] });
    const end = await client.call('train', stl as RunSpec);
    expect([end.failure, end.status]).toEqual([null, 'finished']);
    expect(end.epochs.at(-1)?.devel[0]?.lenient.overall.f1).toBeGreaterThan(50);
    const plan = categoryPlan({ config: { ...learning, epochs: 1 }, seeds: [1], slicingRates: [0.5] });
    const specs = expandPlan(plan, { corpora, models: [model] })
      .filter(({ method }) => method !== 'STL')
      .slice(0, 2);
    expect(specs.map(({ method, slicing }) => [method, slicing?.layers ?? null])).toEqual([['MTL-XC', null], ['MTL-LS', 1]]); // prettier-ignore
    for (const spec of specs) {
      const { failure, status } = await client.call('train', spec);
      expect([failure, status]).toEqual([null, 'finished']);
    }
    const { weights } = await loadTagger(store, { kind: 'snapshot', runId: stl?.id ?? '', epoch: 15 });
    const fixed = [...encoderShapes(config).keys()].filter((name) => name.startsWith('embedding.language.'));
    expect(fixed.length).toBe(8);
    for (const name of fixed) expect(weights.get(name), name).toEqual(encoder.get(name));
    const saved = bitsOf(await loadSnapshot(store, stl?.id ?? '', 15));
    for (const name of fixed) expect(saved).not.toHaveProperty([name]);
  }, 300_000);
});
