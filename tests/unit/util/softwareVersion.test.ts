// Proves that records carry the version of the package.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { softwareVersion } from '../../../src/util/wording.ts';

it('softwareVersion is the version in package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(softwareVersion).toBe(`BioNER Lab ${version}`);
});
