// Proves that the GPU finds the same tag sequences as the host's Viterbi and argmax, including ties and padding.
import { describe, expect, it } from 'vitest';
import { recordViterbi } from '../../src/engine/kernels/crf/crfKernels.ts';
import { recordArgmax } from '../../src/engine/kernels/headKernels.ts';
import { argmaxTags, viterbi } from '../../src/model/chainPaths.ts';
import { drawnChains, type DrawnChains } from '../fixtures/drawnChains.ts';
import { runRecording } from './support/runRecording.ts';

interface Settings {
  readonly counts: readonly number[];
  readonly positions: number;
  readonly tagCount: number;
}

const asTags = (words: Float32Array<ArrayBuffer>): number[] => [...new Int32Array(words.buffer)];

async function find(chains: DrawnChains, { counts, positions, tagCount }: Settings, startEnd: boolean) {
  const { emissions, crfCounts, transitions, start, end } = chains;
  const length = counts.length * positions;
  const found = await runRecording(
    { emissions, crfCounts, transitions, start, end },
    { best: length, largest: length },
    (recorder, regions) => {
      const shape = { sequences: counts.length, positions, tagCount, startEnd };
      const states = startEnd ? { start: regions.start, end: regions.end } : { start: null, end: null };
      recordViterbi(recorder, shape, { ...regions, ...states }, { tags: regions.best });
      recordArgmax(recorder, shape, regions, { tags: regions.largest });
    },
  );
  return { best: asTags(found.best), largest: asTags(found.largest) };
}

/** Computed on the host, 0 beyond each count. */
function expected(chains: DrawnChains, { counts, positions, tagCount }: Settings, startEnd: boolean) {
  const { emissions, transitions } = chains;
  const states = startEnd ? { start: chains.start, end: chains.end } : { start: null, end: null };
  const best: number[] = [];
  const largest: number[] = [];
  for (const [b, count] of counts.entries()) {
    const rows = emissions.subarray(b * positions * tagCount, (b * positions + count) * tagCount);
    const zeros = new Array<number>(positions - count).fill(0);
    best.push(...viterbi(rows, count, tagCount, { transitions, ...states }).tags, ...zeros);
    largest.push(...argmaxTags(rows, count, tagCount), ...zeros);
  }
  return { best, largest };
}

const shapes: Settings[] = [
  { counts: [1], positions: 1, tagCount: 1 },
  { counts: [3, 1], positions: 3, tagCount: 1 },
  { counts: [1, 1], positions: 1, tagCount: 7 },
  { counts: [64, 1, 17, 63, 2, 40, 64, 33], positions: 64, tagCount: 9 },
  { counts: [200, 199], positions: 200, tagCount: 17 },
  { counts: [512], positions: 512, tagCount: 65 },
  { counts: [9, 4], positions: 9, tagCount: 131 },
];

describe.each([true, false])('with start and end states: %s', (startEnd) => {
  it.each(shapes)('$counts of $positions positions, $tagCount tags, at random', async (settings) => {
    const chains = drawnChains('viterbi', settings);
    expect(await find(chains, settings, startEnd)).toEqual(expected(chains, settings, startEnd));
  });

  it.each(shapes)('$counts of $positions positions, $tagCount tags, with many ties', async (settings) => {
    const drawn = drawnChains('ties', settings);
    // Integers, whose sums and differences are exact.
    const round = (values: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> =>
      values.map((value) => Math.round(value / 2));
    const chains = {
      ...drawn,
      emissions: round(drawn.emissions),
      transitions: round(drawn.transitions),
      start: round(drawn.start),
      end: round(drawn.end),
    };
    expect(await find(chains, settings, startEnd)).toEqual(expected(chains, settings, startEnd));
    const level = { ...chains, emissions: chains.emissions.fill(1), transitions: chains.transitions.fill(0) };
    if (!startEnd) expect((await find(level, settings, false)).best.every((tag) => tag === 0)).toBe(true);
  });
});

it('takes the only path that is not forbidden, and a sequence without positions', async () => {
  const settings = { counts: [5, 0], positions: 6, tagCount: 3 };
  const chains = drawnChains('forbidden', settings);
  chains.transitions.fill(-1e4);
  for (const at of [1, 5, 6]) chains.transitions[at] = 0; // 0 to 1 to 2 to 0
  chains.start.set([-1e4, 0, -1e4]);
  const { best, largest } = await find(chains, settings, true);
  expect(best).toEqual([1, 2, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0]);
  expect(largest.slice(5)).toEqual([0, 0, 0, 0, 0, 0, 0]);
});
