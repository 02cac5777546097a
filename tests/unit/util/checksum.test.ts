// Proves that a checksum changes with any byte, with the length and with the order, and depends on nothing but the bytes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../../src/util/digest.ts';

const someBytes = fc.uint8Array({ minLength: 1, maxLength: 67 });

describe('checksum', () => {
  it('is sixteen hex digits', () => {
    for (const length of [0, 1, 3, 4, 5, 64, 1001]) {
      expect(checksum(new Uint8Array(length).fill(length))).toMatch(/^[0-9a-f]{16}$/);
    }
  });

  it('changes when any one byte does', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, change) => {
        const altered = bytes.slice();
        const index = place % bytes.length;
        altered[index] = (altered[index] as number) ^ change;
        expect(checksum(altered)).not.toBe(checksum(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('changes with each single bit of a larger record', () => {
    const bytes = Uint8Array.from({ length: 515 }, (_, index) => (index * 37) & 255);
    const seen = new Set([checksum(bytes)]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const index = bit >> 3;
      bytes[index] = (bytes[index] as number) ^ (1 << (bit & 7));
      seen.add(checksum(bytes));
      bytes[index] = (bytes[index] as number) ^ (1 << (bit & 7));
    }
    expect(seen.size).toBe(1 + bytes.length * 8);
  });

  it('changes when the end is cut off or zeros are added, of zeros too', () => {
    const lengths = Array.from({ length: 3000 }, (_, length) => checksum(new Uint8Array(length)));
    expect(new Set(lengths).size).toBe(lengths.length);
    fc.assert(
      fc.property(someBytes, fc.nat(), (bytes, length) => {
        expect(checksum(bytes.subarray(0, length % bytes.length))).not.toBe(checksum(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('changes when two different words change places', () => {
    const pairs = fc.tuple(fc.array(fc.integer(), { minLength: 2, maxLength: 20 }), fc.nat(), fc.nat());
    fc.assert(
      fc.property(pairs, ([words, first, second]) => {
        const [i, j] = [first % words.length, second % words.length];
        fc.pre(words[i] !== words[j]);
        const swapped = Int32Array.from(words);
        swapped[i] = words[j] as number;
        swapped[j] = words[i] as number;
        expect(checksum(new Uint8Array(swapped.buffer))).not.toBe(
          checksum(new Uint8Array(Int32Array.from(words).buffer)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is that of the bytes in view, wherever they lie in memory', () => {
    fc.assert(
      fc.property(someBytes, fc.nat(9), (bytes, offset) => {
        const around = new Uint8Array(bytes.length + offset + 3).fill(0xa5);
        around.set(bytes, offset);
        expect(checksum(around.subarray(offset, offset + bytes.length))).toBe(checksum(bytes));
      }),
    );
  });
});
