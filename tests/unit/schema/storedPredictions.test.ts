// Proves that predicted mentions are stored and read back unchanged, and that altered records are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queuedRun } from '../../../src/schema/runRecord.ts';
import {
  storedPredictionsSchema,
  storePredictions,
  unstorePredictions,
  type PredictedMention,
} from '../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../src/storage/predictionRecords.ts';
import { readPredictions } from '../../../src/storage/predictionRecords.ts';
import { removeRun, writeRunRecord } from '../../../src/storage/runRecords.ts';
import { memory } from '../../../src/storage/store.ts';
import { spec as specOf } from '../../fixtures/records.ts';

/** Gaps and lengths give mentions that are in order and disjoint. */
const sentence = (isSure: boolean): fc.Arbitrary<PredictedMention[]> =>
  fc
    .array(
      fc.record({
        gap: fc.nat(3),
        length: fc.integer({ min: 1, max: 4 }),
        type: fc.constantFrom('Gene', 'Species'),
        confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { maxLength: 4 },
    ) // prettier-ignore
    .map((drawn) => {
      let at = 0;
      return drawn.map(({ gap, length, type, confidence }) => {
        const start = at + gap;
        at = start + length;
        return { type, start, end: at, confidence: isSure ? confidence : null };
      });
    });

const split = fc.boolean().chain((isSure) => fc.array(sentence(isSure), { maxLength: 6 }));

describe('stored predictions', () => {
  it('are the same after JSON and the schema', () => {
    fc.assert(
      fc.property(split, (sentences) => {
        const json: unknown = JSON.parse(JSON.stringify(storePredictions(sentences)));
        expect(unstorePredictions(storedPredictionsSchema.parse(json))).toEqual(sentences);
      }),
    );
  });

  it('are refused when a mention leaves its sentences, overlaps another or has no type', () => {
    const good = { version: 1, sentences: 2, types: ['Gene'], mentions: [0, 0, 2, 0, 1, 3, 4, 0], confidences: null };
    expect(storedPredictionsSchema.safeParse(good).success).toBe(true);
    for (const mentions of [
      [2, 0, 1, 0],
      [0, 0, 2, 1],
      [0, 2, 2, 0],
      [0, 0, 2, 0, 0, 1, 3, 0],
      [1, 0, 1, 0, 0, 0, 1, 0],
      [0, 0, 1],
    ]) {
      expect(storedPredictionsSchema.safeParse({ ...good, mentions }).success, String(mentions)).toBe(false);
    }
    expect(storedPredictionsSchema.safeParse({ ...good, confidences: [0.5] }).success).toBe(false);
  });

  it('are read where they were written, and go with their run', async () => {
    const store = memory();
    const spec = specOf();
    await writeRunRecord(store, queuedRun(spec, '2026-01-01T00:00:00.000Z'));
    const request = { runId: spec.id, epoch: 3, split: 'test', task: 0 } as const;
    const predictions = storePredictions([[{ type: 'Gene', start: 0, end: 1, confidence: 0.25 }], []]);
    await writePredictions(store, request, predictions);
    expect(await readPredictions(store, request)).toEqual(predictions);
    expect(await readPredictions(store, { ...request, epoch: 2 })).toBeUndefined();
    await removeRun(store, spec.id);
    expect(await readPredictions(store, request)).toBeUndefined();
  });
});
