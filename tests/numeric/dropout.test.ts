// Proves that dropout masks drop the configured share, preserve the mean, repeat exactly, and are independent of each other.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../src/engine/start/startBackend.ts';
import {
  dropout,
  DROPOUT_SITES,
  dropoutKey,
  dropoutMask,
  type DropoutSite,
  type DropoutStream,
} from '../../src/model/blocks/dropout.ts';
import { Rng } from '../../src/util/random.ts';
import { nodePlatform } from '../../workers/nodePlatform.ts';

const size = 40_000;
const sites = Object.keys(DROPOUT_SITES) as DropoutSite[];
const origin: DropoutStream = { seed: 1, step: 1, microBatch: 0 };

function maskOf(
  rate: number,
  change: Partial<DropoutStream> = {},
  layer = 0,
  site: DropoutSite = 'inner',
): Float32Array {
  return dropoutMask(size, rate, dropoutKey({ ...origin, ...change }, layer, site));
}

const droppedOf = (mask: Float32Array): Uint8Array => Uint8Array.from(mask, (value) => (value === 0 ? 1 : 0));

/** Number of elements dropped by both, among those compared under `shift`. */
function droppedTogether(left: Uint8Array, right: Uint8Array, shift: number): number {
  let both = 0;
  for (let index = shift; index < size; index++) both += (left[index] as number) & (right[index - shift] as number);
  return both;
}

describe('a mask', () => {
  it.each([0.05, 0.1, 0.2, 0.5, 0.9])('drops its rate %f within 4 standard deviations, and scales the rest', (rate) => {
    const deviation = Math.sqrt(size * rate * (1 - rate));
    for (let step = 1; step <= 40; step++) {
      const mask = maskOf(rate, { step });
      const dropped = mask.filter((value) => value === 0).length;
      expect(Math.abs(dropped - rate * size), `step ${step}`).toBeLessThan(4 * deviation);
      expect([...new Set(mask)].sort()).toEqual([0, Math.fround(1 / (1 - rate))]);
    }
  });

  it('preserves the mean of its input', () => {
    const rng = Rng.seeded(4);
    const x = Float32Array.from({ length: size }, () => 1 + rng.normal());
    const squares = x.reduce((sum, value) => sum + value * value, 0);
    for (const rate of [0.1, 0.5]) {
      const mask = maskOf(rate);
      const difference = x.reduce((sum, value, index) => sum + value * ((mask[index] as number) - 1), 0);
      // Each mask element has mean 1 and variance rate / (1 - rate).
      expect(Math.abs(difference)).toBeLessThan(4 * Math.sqrt((squares * rate) / (1 - rate)));
    }
  });

  it('drops adjacent elements no more often than chance', () => {
    const rate = 0.2;
    const dropped = droppedOf(maskOf(rate));
    for (const shift of [1, 2, 3, 4, 8, 16, 32, 64, 128, 256]) {
      expectByChance(droppedTogether(dropped, dropped, shift), size - shift, rate, `shift ${shift}`);
    }
  });
});

/** Both of two independent masks drop an element with probability rate squared. */
function expectByChance(both: number, compared: number, rate: number, where: string): void {
  const expected = compared * rate * rate;
  expect(Math.abs(both - expected), where).toBeLessThan(4.5 * Math.sqrt(expected * (1 - rate * rate)));
}

describe('masks of neighbours', () => {
  const near: Record<string, (distance: number) => Float32Array> = {
    seeds: (distance) => maskOf(0.2, { seed: 1 + distance }),
    steps: (distance) => maskOf(0.2, { step: 1 + distance }),
    'micro-batches': (distance) => maskOf(0.2, { microBatch: distance }),
    layers: (distance) => maskOf(0.2, {}, distance - 1),
  };

  it.each(Object.entries(near))('of %s are not correlated, nor one another shifted', (_, mask) => {
    const dropped = [0, 1, 2, 3].map((distance) => droppedOf(mask(distance)));
    for (const [index, left] of dropped.entries()) {
      for (const [other, right] of dropped.entries()) {
        if (other === index) continue;
        for (const shift of [0, 1, 2, 3, 4]) {
          const both = droppedTogether(left, right, shift);
          expectByChance(both, size - shift, 0.2, `${index} and ${other} shifted by ${shift}`);
        }
      }
    }
  });

  it('of different sites are uncorrelated, within a layer and across two', () => {
    const dropped = [0, 1].flatMap((layer) => sites.map((site) => droppedOf(maskOf(0.1, {}, layer, site))));
    for (const [index, left] of dropped.entries()) {
      for (const right of dropped.slice(index + 1))
        expectByChance(droppedTogether(left, right, 0), size, 0.1, `site ${index}`);
    }
  });

  it('have distinct keys: no two of 52,500 are equal except by chance', () => {
    const keys = new Set<number>();
    let count = 0;
    for (let seed = 0; seed < 5; seed++) {
      for (let step = 1; step <= 50; step++) {
        for (let microBatch = 0; microBatch < 3; microBatch++) {
          for (let layer = -1; layer < 4; layer++) {
            for (const site of sites) {
              keys.add(dropoutKey({ seed, step, microBatch }, layer, site));
              count++;
            }
          }
        }
      }
    }
    // Among 52,500 keys of 32 bits, 0.3 equal pairs are expected.
    expect(count).toBe(52_500);
    expect(keys.size).toBeGreaterThanOrEqual(count - 2);
  });
});

describe('dropout', () => {
  beforeAll(async () => {
    await startBackend('wasm', nodePlatform);
  });

  it('repeats for the same seed, step, micro-batch, layer and site, and its gradient is its mask', () => {
    const values = Float32Array.from({ length: 600 }, (_, index) => 1 + index);
    const [first, second, gradient] = tf.tidy(() => {
      const x = tf.tensor2d(values, [20, 30]);
      const drop = (tensor: tf.Tensor): tf.Tensor => dropout(tensor, 0.3, origin, 2, 'outer');
      return [drop(x), drop(x), tf.grad(drop)(x)].map((tensor) => tensor.dataSync());
    }) as unknown as [Float32Array, Float32Array, Float32Array];
    const mask = dropoutMask(600, 0.3, dropoutKey(origin, 2, 'outer'));
    expect(second).toEqual(first);
    expect(gradient).toEqual(mask);
    expect(first).toEqual(values.map((value, index) => value * (mask[index] as number)));
  });

  it('returns its input at rate 0', () => {
    tf.tidy(() => {
      const x = tf.ones([3]);
      expect(dropout(x, 0.5, null, 0, 'head')).toBe(x);
      expect(dropout(x, 0, origin, 0, 'head')).toBe(x);
    });
  });
});
