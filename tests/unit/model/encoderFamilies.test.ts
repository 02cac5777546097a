// Proves that nothing outside the files of families and their tables asks which family an encoder is of.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { familyNames } from '../../../src/data/pieces/encoderFacts.ts';

const root = path.join(import.meta.dirname, '../../..');
const names = familyNames.join('|');
/** A comparison with the name of a family, on either side, and a case of a switch. */
const asks = new RegExp(
  `[!=]==?\\s*['"\`](${names})['"\`]|['"\`](${names})['"\`]\\s*[!=]==?|case\\s+['"\`](${names})['"\`]`,
);

describe('the families of encoders', () => {
  it('are distinguished only in their files and in the tables', () => {
    const files = ['src', 'workers', 'headless', 'scripts'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(tsx?|mts|mjs|py)$/.test(file))
        .map((file) => path.posix.join(folder, file.replaceAll(path.sep, '/'))),
    );
    expect(files.length).toBeGreaterThan(400);
    const found = files.filter((file) => asks.test(readFileSync(path.join(root, file), 'utf8')));
    expect(found.filter((file) => !/^src\/model\/families\//.test(file))).toEqual([]);
  });

  it('would be found if a line asked', () => {
    expect(names.split('|').length).toBeGreaterThan(1);
    for (const line of ["if (config.family === 'bert') {", "'xlnet' !== family", "case 'bert':"])
      expect(line).toMatch(asks);
  });
});
