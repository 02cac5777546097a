// Proves how numbers, sizes, times and file names are written, at the borders where rounding could mislead.
import { describe, expect, it } from 'vitest';
import { format } from '../../../../src/ui/shared/format.ts';

describe('format', () => {
  it('writes sizes in decimal units with three digits, and moves on to the next unit in time', () => {
    const sizes = [0, 999, 1000, 9_994, 9_996, 99_949, 999_499, 999_500, 116_718_336 * 4, 2.5e12];
    expect(sizes.map(format.bytes)).toEqual([
      '0 B',
      '999 B',
      '1.00 kB',
      '9.99 kB',
      '10.0 kB',
      '99.9 kB',
      '999 kB',
      '1.00 MB',
      '467 MB',
      '2.50 TB',
    ]);
  });

  it('writes durations without 60 seconds or 60 minutes', () => {
    const durations = [0, 499, 59_499, 59_500, 3_599_499, 3_599_500, 93_784_000];
    expect(durations.map(format.duration)).toEqual([
      '0 s',
      '0 s',
      '59 s',
      '1 min 00 s',
      '59 min 59 s',
      '1 h 00 min',
      '26 h 03 min',
    ]);
  });

  it('never says 100 % before the end', () => {
    expect([0, 0.9999, 1].map(format.share)).toEqual(['0 %', '99 %', '100 %']);
  });

  it('writes settings as a person types them', () => {
    expect([3e-5, 1e-6, 0.9, 0.001, 512, 0].map(format.setting)).toEqual(['3e-5', '1e-6', '0.9', '0.001', '512', '0']);
  });

  it('keeps two decimals of a score and four digits of a loss', () => {
    expect([88.255, 0, null].map(format.percent)).toEqual([(88.255).toFixed(2), '0.00', '–']);
    expect([33.8, 0.00123456, 0.000123456, 0].map(format.quantity)).toEqual(['33.80', '0.001235', '1.23e-4', '0.000']);
  });

  it('makes file names of whatever a corpus is called', () => {
    expect(format.fileName('../a b:c', 'Gène', 'STL')).toBe('..-a-b-c-Gène-STL');
    expect(format.fileName('a · b')).toBe('a-b');
  });
});
