// Proves that a fingerprint is SHA-256 of the value's content, whatever the order of its members.
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalJson, fingerprint } from '../../../src/util/digest.ts';

/** The value with the members of its objects inserted in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value).reverse()) {
    Object.defineProperty(copy, name, {
      value: reversed(member),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return copy;
}

describe('canonicalJson', () => {
  it('is JSON that says the same as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
    expect(canonicalJson({ b: 1, a: { d: 2, c: [3, 1] } })).toBe('{"a":{"c":[3,1],"d":2},"b":1}');
  });

  it('leaves out members that are undefined, and keeps null', () => {
    expect(canonicalJson({ a: undefined, b: null })).toBe('{"b":null}');
  });
});

describe('fingerprint', () => {
  it('is the SHA-256 of bytes', () => {
    // FIPS 180-2, appendix B.1.
    const abc = Uint8Array.of(0x61, 0x62, 0x63);
    expect(fingerprint(abc)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(fingerprint(bytes)).toBe(createHash('sha256').update(bytes).digest('hex'));
      }),
    );
  });

  it('is the SHA-256 of the canonical JSON, in UTF-8, of anything else', () => {
    const value = { text: 'β-catenin 😀', list: [1, 2.5, null, true] };
    expect(fingerprint(value)).toBe(createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex'));
  });

  it('tells apart values that differ', () => {
    const values = [
      [],
      {},
      null,
      '',
      0,
      false,
      [[]],
      ['1'],
      [1],
      { a: 1 },
      { a: '1' },
      { a: [1] },
      ['a', 1],
      [1, 2],
      [2, 1],
    ];
    expect(new Set(values.map(fingerprint)).size).toBe(values.length);
  });
});
