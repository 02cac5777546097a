// Proves that growth over a long run is distinguished from noise, warm-up and bounds, and that the report and its plot show it.
import { describe, expect, it } from 'vitest';
import { growth, type Series } from '../../../soak/growth.ts';
import type { Sample } from '../../../soak/longRun.ts';
import { plotSeries } from '../../../soak/plotSeries.ts';
import { soakReport } from '../../../soak/stepsSoak.ts';

const flat = (values: readonly number[], flatWithin = 5): Series => ({
  name: 'heap',
  unit: 'bytes',
  values,
  promise: { flatWithin },
});
const numbers = (count: number, of: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => of(i));

describe('growth', () => {
  it('is none where values swing, or warm up first', () => {
    expect(growth(flat(numbers(50, (i) => 100 + (i % 2)))).isKept).toBe(true);
    expect(growth(flat(numbers(50, (i) => Math.min(i, 9))))).toMatchObject({ percent: 0, isKept: true });
    // One sample taken while something was in progress.
    expect(growth(flat(numbers(50, (i) => (i === 48 ? 1000 : 100)))).isKept).toBe(true);
  });

  it('is told however slow', () => {
    const leak = growth(flat(numbers(50, (i) => 100 + 0.2 * i)));
    expect(leak.percent).toBeCloseTo((100 * 6) / 102.9, 6);
    expect(leak).toMatchObject({ first: 100, isKept: false });
    expect(growth(flat(numbers(10, (i) => (i < 5 ? 0 : 1)))).isKept).toBe(false);
  });

  it('up to a bound is none above it', () => {
    const bounded = (atMost: number) => growth({ ...flat(numbers(20, (i) => i)), promise: { atMost } });
    expect(bounded(19).isKept).toBe(true);
    expect(bounded(18).isKept).toBe(false);
    expect(() => growth(flat([1, 2, 3]))).toThrow('ten samples');
  });
});

describe('the report', () => {
  const sample = (index: number, changes: Partial<Sample> = {}): Sample => ({
    step: 10 * (index + 1),
    seconds: index,
    liveTensors: 3,
    tensorBytes: 4000,
    gpuBytes: 5_000_000,
    workerHeapBytes: 6_000_000,
    pageHeapBytes: 7_000_000,
    nodes: 800,
    listeners: 90,
    diskBytes: 1e7,
    storedBytes: 2e6,
    historyBytes: 3000,
    historyPoints: index,
    epochs: index,
    events: 10 * index,
    ...changes,
  });
  const run = (samples: readonly Sample[]) => ({
    samples,
    device: 'webgpu on paper',
    browser: '1',
    epochs: 9,
    steps: 200,
  });
  const asked = { steps: 200 };

  it('says what was kept, and what was not', () => {
    const kept = soakReport(run(numbers(20, (i) => i).map((i) => sample(i))), asked);
    expect(kept).toContain('**Every promise was kept.**');
    expect(kept).not.toContain('BROKEN');
    const leaking = soakReport(run(numbers(20, (i) => i).map((i) => sample(i, { gpuBytes: 5e6 + i }))), asked);
    expect(leaking).toContain('**A promise was broken.**');
    expect(leaking).toMatch(/\| GPU bytes .*BROKEN/);
  });

  it('plots every series from zero', () => {
    const svg = plotSeries([flat([0, 50_000, 100_000]), { ...flat([1, 1, 1]), name: 'nodes', unit: 'count' }], [10, 20, 30], 'steps'); // prettier-ignore
    expect(svg).toContain('>heap<');
    expect(svg).toContain('>100 kB<');
    expect(svg.match(/<polyline class="line" points="([^"]+)"/)?.[1]).toBe('64.0,108.0 195.0,69.0 326.0,30.0');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
  });
});
