// Proves that runs of Average and TIES start from the merged encoders of all tasks under their own heads, with adapters or all weights, and train and tag as others do.
import { beforeAll, describe, expect, it } from 'vitest';
import { expandPlan } from '../../src/lab/plans/expandPlan.ts';
import { isAdapter } from '../../src/model/blocks/layerBlocks.ts';
import type { HostParameters } from '../../src/model/blocks/parameterLocation.ts';
import { adaptedEncoder, newAdapters } from '../../src/model/parameters.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import type { RunRecord, RunSpec } from '../../src/schema/runRecord.ts';
import { memory } from '../../src/storage/store.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { loadModel, loadTagger } from '../../src/training/loadTagger.ts';
import { mergeEncoders, startWeights } from '../../src/training/startWeights.ts';
import { categoryPlan } from '../fixtures/records.ts';
import { tinyConfig } from '../fixtures/tinyRun.ts';
import { tinyInputs, tinyServer } from '../fixtures/tinyServer.ts';
import { bitsOf } from '../fixtures/tinyTraining.ts';

const adapters = { projections: 'query-value', rank: 2, alpha: 4, dropout: 0 } as const;

describe.each([
  { name: 'all weights', config: { ...tinyConfig, epochs: 1, snapshots: 1 } satisfies TrainingConfig },
  { name: 'adapters', config: { ...tinyConfig, epochs: 1, snapshots: 1, adapters } satisfies TrainingConfig },
])('merging $name', ({ config }) => {
  const store = memory();
  const client = tinyServer(store);
  const records = new Map<string, RunRecord>();
  let specs: readonly RunSpec[];
  let model: Awaited<ReturnType<typeof loadModel>>;

  beforeAll(async () => {
    await client.call('start', 'wasm');
    const { model: record, corpora } = await tinyInputs(store, client);
    model = await loadModel(store, record, false);
    const plan = { ...categoryPlan({ config }), methods: ['STL' as const, 'Average' as const, 'TIES' as const], slicingRates: [] }; // prettier-ignore
    specs = expandPlan(plan, { corpora, models: [record] });
    for (const spec of specs) records.set(spec.id, await client.call('train', spec));
  }, 120_000);

  it('finishes every run, and scores each task', () => {
    expect(specs.map(({ method }) => method)).toEqual(['STL', 'STL', 'Average', 'Average', 'TIES', 'TIES']);
    for (const { failure, status, snapshots } of records.values()) {
      expect([failure, status]).toEqual([null, 'finished']);
      expect(snapshots[0]?.test[0]?.lenient.overall.gold).toBeGreaterThan(0);
    }
  });

  it.each(['Average', 'TIES'] as const)(
    'starts both tasks of %s from one encoder, each under its own head',
    async (method) => {
      const singles = specs
        .filter((spec) => spec.method === 'STL')
        .sort((left, right) => (left.id < right.id ? -1 : 1));
      const ends = await Promise.all(singles.map(({ id }) => loadSnapshot(store, id, 1)));
      const start: HostParameters = new Map([
        ...model.encoder,
        ...newAdapters(adaptedEncoder(model.config, config), 1),
      ]);
      const load = (index: number) => Promise.resolve(ends[index] as HostParameters);
      const merged = bitsOf(await mergeEncoders(method, { start, of: ends.length, load }));
      const changed = Object.keys(merged).filter((name) => merged[name] !== bitsOf(start)[name]);
      expect(changed.length).toBeGreaterThan(0);
      if (config.adapters !== undefined) expect(Object.keys(merged).every(isAdapter)).toBe(true);
      const own = specs.filter((spec) => spec.method === method);
      expect(own).toHaveLength(2);
      for (const spec of own) {
        const begins = bitsOf(await startWeights(spec, model.encoder, store, model.config));
        for (const [name, bits] of Object.entries(merged)) expect(begins[name], name).toBe(bits);
        const parent = bitsOf(await loadSnapshot(store, spec.parent ?? '', 1));
        const head = Object.keys(begins).filter((name) => !start.has(name));
        expect(head.length).toBeGreaterThan(0);
        for (const name of head) expect(begins[name], name).toBe(parent[name]);
      }
    },
  );

  it('is a tagger as any other', async () => {
    const { id } = specs.find(({ method }) => method === 'TIES') as RunSpec;
    const { weights } = await loadTagger(store, { kind: 'snapshot', runId: id, epoch: 1 });
    expect([...weights.keys()].filter(isAdapter)).toEqual([]);
    for (const name of model.encoder.keys()) expect(weights.has(name), name).toBe(true);
  });
});
