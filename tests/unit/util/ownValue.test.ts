// Proves that names of inherited members are looked up like any other name: found only if they are a record's own.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ownValue } from '../../../src/util/validate.ts';

const names = fc.oneof(
  fc.string(),
  fc.constantFrom('constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'),
);

it('is what was put in under the name, and undefined for any other name', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(names, fc.nat()), { selector: ([name]) => name }), names, (entries, asked) => {
      const record = Object.fromEntries(entries);
      expect(ownValue(record, asked)).toBe(new Map(entries).get(asked));
    }),
  );
});
