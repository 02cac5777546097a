// Proves that packed files are unpacked unchanged, and that the same files give the same bytes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readArchive, writeArchive } from '../../../../src/data/import/archive.ts';

it('an archive gives back its files, and is the same again', () => {
  const paths = fc.uniqueArray(fc.stringMatching(/^[a-zé]{1,8}(\/[a-z]{1,8})?\.txt$/), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(paths, fc.uint8Array({ maxLength: 300 }), (names, content) => {
      const files = names.map((path) => ({ path, bytes: Uint8Array.from(content) }));
      const packed = writeArchive(files);
      const { files: found, issues } = readArchive(packed, 'all.zip');
      expect(issues).toEqual([]);
      expect(found).toEqual(files.map(({ path, bytes }) => ({ path: `all/${path}`, bytes })));
      expect(writeArchive(files)).toEqual(packed);
    }),
    { numRuns: 50 },
  );
});
