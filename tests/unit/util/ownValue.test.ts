// Proves that names which every object inherits are looked up as any other name: found where they are a record's own, else not.
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
