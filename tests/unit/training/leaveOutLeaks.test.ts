// Proves that training leaves out exactly the sentences that leak into test text, in every task, and counts leaks in any case.
import { describe, expect, it } from 'vitest';
import type { Sentence } from '../../../src/data/corpus/corpus.ts';
import type { TrainingConfig } from '../../../src/schema/config.ts';
import { queuedRun, runRecordSchema } from '../../../src/schema/runRecord.ts';
import type { EncodedTasks } from '../../../src/training/batches.ts';
import { encodeTasks, type TaskText } from '../../../src/training/encodeTasks.ts';
import { drain } from '../../../src/util/clock.ts';
import type { TrainingEvent } from '../../../src/wire/trainingProtocol.ts';
import { spec } from '../../fixtures/records.ts';
import { tinyConfig, tinyEncoderConfig, tinyTokenizer } from '../../fixtures/tinyRun.ts';

const sentence = (text: string): Sentence => ({
  tokens: text.split(' '),
  mentions: [{ type: 'Disease', start: 0, end: 1 }],
});
const leaked = 'morvane is marked by ague and brann in both groups';
const nearly =
  'ague after six weeks of no response to the sulfamerol that was given in both of the groups we had seen before';
const own = [
  'brann was seen in one',
  'ague was not seen in any',
  'no morvane at all in these',
  'velorin with ague again',
];

const task = (train: string[], devel: string[], test: string[]): TaskText => ({
  sentences: { train: train.map(sentence), devel: devel.map(sentence), test: test.map(sentence) },
  type: 'Disease',
  typeName: 'Entity',
  annotated: null,
});

/** Each task's training text contains sentences of the other task's test text. */
const texts: readonly TaskText[] = [
  task([own[0] ?? '', nearly.replace('weeks', 'months'), 'ague and brann'], [own[1] ?? ''], [leaked, 'ague and brann']),
  task([own[2] ?? '', leaked.toUpperCase()], [`${leaked} .`], [own[3] ?? '', nearly]),
];

async function encoded(
  changes: Partial<TrainingConfig>,
  of: readonly TaskText[] = texts,
  signal: AbortSignal = new AbortController().signal,
): Promise<EncodedTasks & { readonly events: readonly TrainingEvent[] }> {
  const model = { config: tinyEncoderConfig, tokenizer: tinyTokenizer };
  const encoding = encodeTasks(of, model, { config: { ...tinyConfig, maxPieces: 128, ...changes }, seed: 7 }, signal);
  const events: TrainingEvent[] = [];
  const tasks = await drain(encoding, (event) => void events.push(event));
  return { ...tasks, events };
}

const found = [
  { compared: 1, exact: 1, near: 0 },
  { compared: 1, exact: 0, near: 1 },
];
const withLeftOut = (...leftOut: number[]) => found.map((counts, index) => ({ ...counts, leftOut: leftOut[index] }));

describe('training text that leaks into test text', () => {
  it('is kept and counted by default', async () => {
    const { train, leaks, counts, events } = await encoded({});
    expect(train.sizes).toEqual([3, 2]);
    expect(counts.map((ofTask) => ofTask.train.sentences)).toEqual([3, 2]);
    expect(leaks).toEqual(withLeftOut(0, 0));
    expect(events.some((event) => event.kind === 'phase' && event.phase === 'comparing')).toBe(true);
  });

  it.each([
    ['exact', [3, 1], [0, 1]],
    ['near', [2, 1], [1, 1]],
  ] as const)('is left out of each task as configured: %s', async (leaveOut, sizes, leftOut) => {
    const { train, leaks, counts, tagSet } = await encoded({ leaveOut });
    expect(train.sizes).toEqual(sizes);
    expect(train.tokenCounts).not.toContain(leaked.split(' ').length);
    expect(counts.map((ofTask) => ofTask.train.sentences)).toEqual(sizes);
    expect(leaks).toEqual(withLeftOut(...leftOut));
    expect(tagSet).toEqual((await encoded({})).tagSet);
  });

  it('is searched in devel too when that is trained on', async () => {
    const { train, leaks } = await encoded({ leaveOut: 'exact', trainOn: 'train+devel' });
    expect(train.sizes).toEqual([4, 1]);
    expect(leaks).toEqual(withLeftOut(0, 2));
  });

  it('fails a run that has nothing else to learn from', async () => {
    const running = encoded({ leaveOut: 'exact' }, [task([leaked], [], [leaked])]);
    await expect(running).rejects.toMatchObject({ code: 'task/empty', got: '0 sentences without any, 1 left out' });
  });

  it('is no longer searched when the run is interrupted', async () => {
    await expect(encoded({}, texts, AbortSignal.abort('pause'))).rejects.toBe('pause');
  });
});

it('records have the counts, and those of earlier versions open without them', () => {
  const record = queuedRun(spec({}), '2024-01-01T00:00:00.000Z');
  expect(runRecordSchema.parse(record)).toEqual(record);
  const counted = { ...record, leaks: withLeftOut(0, 1) };
  expect(runRecordSchema.parse(JSON.parse(JSON.stringify(counted)))).toEqual(counted);
  expect(runRecordSchema.safeParse({ ...record, leaks: [{ exact: 1 }] }).success).toBe(false);
});
