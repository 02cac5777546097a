// Proves that the predicted time of a run grows with its epochs, batches, text and storage as the run itself does, from a sample of its sentences.
import { describe, expect, it } from 'vitest';
import { processorCompute, type EngineHome } from '../../../src/engine/network/computeOptions.ts';
import { compileProcessorModule } from '../../../src/engine/processor/processorModule.ts';
import { presets } from '../../../src/lab/plans/presets.ts';
import type { TrainingConfig } from '../../../src/schema/config.ts';
import { OTHER_WORK, Pace, predictTime, sampleOf, type RunLengths } from '../../../src/training/predictTime.ts';

const encoder = {
  family: 'xlnet',
  layers: 2,
  hiddenSize: 32,
  heads: 2,
  headSize: 16,
  innerSize: 64,
  vocabularySize: 100,
  activation: 'gelu',
  layerNormEpsilon: 1e-12,
  initializerRange: 0.02,
  clampLength: null,
} as const;

/** A machine of a million operations a millisecond, whose storage takes `recordMs` a record. */
const paceOf = (recordMs: number): Pace =>
  new Pace({
    version: 1,
    kinds: [
      { name: 'matmul nn', points: [{ work: 1e6, ms: 1 }] },
      { name: OTHER_WORK.step, points: [{ work: 1, ms: 0 }] },
      { name: OTHER_WORK.tagging, points: [{ work: 1, ms: 0 }] },
      { name: OTHER_WORK.record, points: [{ work: 1, ms: 0.5 }] },
      { name: OTHER_WORK.storedRecords, points: [{ work: 1, ms: recordMs }] },
      { name: OTHER_WORK.storedBytes, points: [{ work: 1, ms: 0 }] },
      { name: OTHER_WORK.verifiedBytes, points: [{ work: 1000, ms: 2 }] },
    ],
  });

const lengths: RunLengths = {
  train: Array.from({ length: 64 }, () => 16),
  sizes: [64],
  devel: [Array.from({ length: 32 }, () => 16)],
  test: [Array.from({ length: 32 }, () => 16)],
  shape: { encoder, head: { tagCount: 5, kind: 'crf', startEnd: true } },
  encodingMs: 7,
};

async function predicted(
  changes: Partial<TrainingConfig> = {},
  of: Partial<RunLengths> = {},
  { frozen = false, recordMs = 1 }: { readonly frozen?: boolean; readonly recordMs?: number } = {},
) {
  const home: EngineHome = {
    module: await compileProcessorModule({ relaxed: false, shared: false }),
    pool: null,
    compute: processorCompute({ activations: 'kept' }),
  };
  const config = { ...presets.quick.config, batchSize: 8, microBatchSize: 8, ...changes };
  const slicing = frozen ? ({ rate: 0.5, layers: 1, biases: 'released', frozen: true } as const) : null;
  const time = predictTime({ config, seed: 1, slicing }, { ...lengths, ...of }, 3000, home, paceOf(recordMs));
  if (time === null) throw new Error('nothing was predicted');
  return time;
}

describe('the time of a run', () => {
  it('is that of its parts, and each part grows with what it does', async () => {
    const time = await predicted();
    expect(time.totalMs).toBeCloseTo(time.preparingMs + time.stepsMs + time.scoringMs + time.savingMs, 9);
    const longer = await predicted({ epochs: 6 });
    expect(longer.stepsMs / time.stepsMs).toBeCloseTo(2, 9);
    // Checkpoints are written while the next epoch runs, unless storage takes longer than an epoch.
    expect(longer.savingMs).toBeLessThan(1.1 * time.savingMs);
    const slow = [await predicted({}, {}, { recordMs: 1000 }), await predicted({ epochs: 6 }, {}, { recordMs: 1000 })];
    expect((slow[1]?.savingMs ?? 0) / (slow[0]?.savingMs ?? NaN)).toBeGreaterThan(1.8);
    expect(longer.preparingMs).toBeCloseTo(time.preparingMs, 9);
    // Reading the model, encoding, recording.
    expect(time.preparingMs).toBeGreaterThan(7 + 6);
    const half = await predicted({ steps: 12 });
    expect(half.stepsMs / time.stepsMs).toBeCloseTo(0.5, 9);
  });

  it('is longer for longer sequences and more of them, and shorter where lower layers are frozen', async () => {
    const time = await predicted();
    const doubled = await predicted({}, { train: lengths.train.map(() => 32) });
    expect(doubled.stepsMs).toBeGreaterThan(1.8 * time.stepsMs);
    const more = await predicted({}, { train: [...lengths.train, ...lengths.train], sizes: [128] });
    expect(more.stepsMs / time.stepsMs).toBeCloseTo(2, 9);
    const scored = await predicted({}, { devel: [] });
    expect(scored.scoringMs).toBeLessThan(time.scoringMs);
    expect((await predicted({}, {}, { frozen: true })).stepsMs).toBeLessThan(0.9 * time.stepsMs);
  });
});

it('samples blocks of neighbouring sentences from a whole split, its ends among them', () => {
  const sentences = Array.from({ length: 5000 }, (_, index) => ({ tokens: [String(index)], mentions: [] }));
  const sample = sampleOf(sentences, 200).map(({ tokens }) => Number(tokens[0]));
  expect(sample).toHaveLength(200);
  expect([sample[0], sample.at(-1)]).toEqual([0, 4999]);
  expect(sample.filter((index, at) => at > 0 && index !== (sample[at - 1] as number) + 1)).toHaveLength(9);
  expect(sampleOf(sentences.slice(0, 20), 40)).toHaveLength(20);
});
