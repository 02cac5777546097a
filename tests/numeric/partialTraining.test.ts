// Proves that training on partial labels finds in a corpus what it does not annotate, which training on closed labels unlearns, and that scores leave it out.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { processorCompute, type EngineHome } from '../../src/engine/network/computeOptions.ts';
import { compileProcessorModule } from '../../src/engine/processor/processorModule.ts';
import type { TrainingConfig } from '../../src/schema/config.ts';
import { queuedRun, type RunRecord } from '../../src/schema/runRecord.ts';
import { memory } from '../../src/storage/store.ts';
import { loadSnapshot } from '../../src/training/checkpoint.ts';
import { checkpointsInto } from '../../src/training/checkpointWriter.ts';
import { encodeTasks, type TaskText } from '../../src/training/encodeTasks.ts';
import { tagSplit } from '../../src/training/evaluate.ts';
import { train } from '../../src/training/train.ts';
import { openPredictor } from '../../src/training/trainers.ts';
import { drain } from '../../src/util/clock.ts';
import { oneTypeCorpus } from '../fixtures/oneTypeCorpora.ts';
import { spec } from '../fixtures/records.ts';
import { tinyConfig, tinyEncoder, tinyEncoderConfig, tinyTokenizer } from '../fixtures/tinyRun.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const config: TrainingConfig = {
  ...tinyConfig,
  labelMode: 'first',
  epochs: 10,
  dropout: { encoder: 0, attention: 0, head: 0 },
  snapshots: 1,
};
const sentences = { Disease: oneTypeCorpus('Disease', [30, 10], 1, 2), Gene: oneTypeCorpus('Gene', [10, 10], 2, 2) };

/** The record of a run on both corpora, and the share of the sentences of diseases in which the tagger finds the gene. */
async function trained(partial: boolean, home: EngineHome | null): Promise<{ record: RunRecord; genesFound: number }> {
  const { signal } = new AbortController();
  const texts = (['Disease', 'Gene'] as const).map((type): TaskText => {
    return { sentences: sentences[type], type, typeName: null, annotated: partial ? [type] : null };
  });
  const own = spec({ config, method: partial ? 'MTL-PL' : 'MTL-XC' });
  const run = { ...own, tasks: [...own.tasks, ...own.tasks] };
  const model = { config: tinyEncoderConfig, tokenizer: tinyTokenizer };
  const tasks = await drain(encodeTasks(texts, model, run, signal));
  const store = memory();
  const weights = () => Promise.resolve(tinyEncoder());
  const record = queuedRun(run, '2024-01-01T00:00:00.000Z');
  const finished = await drain(
    train({
      record,
      tasks,
      pretrained: tinyEncoder(),
      weights,
      store,
      checkpoints: checkpointsInto(store),
      health: { failure: null },
      home,
      signal,
      until: Infinity,
    }),
  );
  const settings = { shape: tasks.shape, config, factors: new Map<string, never>(), seed: 0 };
  const predictor = openPredictor(home, await loadSnapshot(store, run.id, config.epochs), settings);
  const [split] = tasks.test;
  if (split === undefined) throw new Error('no test split');
  const { predicted } = await drain(tagSplit(split, tasks.tagSet, predictor, config, signal));
  predictor.dispose();
  const found = predicted.filter((tags) => tags.at(-1)?.endsWith('-Gene') === true).length;
  return { record: finished, genesFound: found / predicted.length };
}

const processor = async (): Promise<EngineHome> => ({
  module: await compileProcessorModule({ relaxed: false, shared: false }),
  pool: null,
  compute: processorCompute({ activations: 'kept' }),
});
const homes = [
  ['the plain network', () => Promise.resolve(null)],
  ['the engine on the processor', processor],
] as const;

it.each(homes)(
  '%s finds genes in the corpus of diseases, and scores them neither as right nor as wrong',
  async (_, open) => {
    const { record, genesFound } = await trained(true, await open());
    expect(genesFound).toBeGreaterThan(0.9);
    const scores = record.snapshots[0]?.test.map((test) => test?.lenient);
    expect(scores?.map((test) => Object.keys(test?.perType ?? {}))).toEqual([['Disease'], ['Gene']]);
    expect(scores?.map((test) => test?.overall.f1)).toEqual([100, 100]);
  },
);

it('with closed labels the larger corpus teaches that genes are none', async () => {
  expect((await trained(false, await processor())).genesFound).toBeLessThan(0.1);
});
