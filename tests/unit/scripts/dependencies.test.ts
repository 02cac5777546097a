// Proves that the lab's dependencies are pinned: exact versions, a digest for each package, and a list of licences that matches the lock file.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { thirdParty } from '../../../scripts/thirdParty.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const json = (file: string) =>
  JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Record<string, Record<string, unknown>>;

it('versions are exact', () => {
  const { dependencies, devDependencies, optionalDependencies, overrides } = json('package.json');
  const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies, ...overrides });
  expect(all.length).toBeGreaterThan(20);
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))).toEqual([]);
});

it('every package of the lock file has a SHA-512 digest', () => {
  const packages = Object.entries(json('package-lock.json')['packages'] ?? {}).filter(([place]) => place !== '');
  expect(packages.length).toBeGreaterThan(100);
  const digest = ([, one]: [string, unknown]): string => String((one as { integrity?: string }).integrity);
  expect(packages.filter((one) => !/^sha512-[\w+/]{86}==$/.test(digest(one))).map(([place]) => place)).toEqual([]);
});

it('public/THIRD_PARTY.md is what npm run licences writes', () => {
  // Compare line by line, to show the difference.
  const written = readFileSync(path.join(root, 'public/THIRD_PARTY.md'), 'utf8');
  expect(written.split('\n')).toEqual(thirdParty(root).split('\n'));
});

describe('the list of licences', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'licences-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function plant(license: string, version = '1.0.0'): string {
    const packages: Record<string, object> = { '': {} };
    for (const [name, its] of [
      ['moss', license],
      ['rolldown', 'MIT'],
      ['vite', 'MIT'],
    ] as const) {
      const place = path.join(folder, 'node_modules', name);
      mkdirSync(place, { recursive: true });
      writeFileSync(path.join(place, 'package.json'), JSON.stringify({ name, version, license: its }));
      writeFileSync(path.join(place, 'LICENSE'), `Terms of ${its}.\n\nCopyright (c) 2025 ${name} people\n`);
      packages[`node_modules/${name}`] = { version: '1.0.0' };
    }
    writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify({ packages }));
    return folder;
  }

  it('names package, licence, terms and holders', () => {
    const text = thirdParty(plant('ISC'));
    expect(text).toContain('| moss | 1.0.0 | ISC |');
    expect(text).toMatch(/## moss\n\n- Copyright \(c\) 2025 moss people\n\n```text\nTerms of ISC\.\n```/);
    expect(text).toMatch(
      /## rolldown, vite\n\n- Copyright \(c\) 2025 rolldown people\n- Copyright \(c\) 2025 vite people/,
    );
  });

  it('refuses a licence that the lab may not carry, and a package that is not the lock’s', () => {
    expect(thirdParty(plant('(GPL-3.0 OR MIT)'))).toContain('| moss | 1.0.0 | GPL-3.0 OR MIT |');
    for (const license of ['GPL-3.0', 'MIT AND AGPL-3.0', 'SEE LICENSE IN x']) {
      expect(() => thirdParty(plant(license))).toThrow(/node_modules\/moss: expected a licence among .*MIT, got /);
    }
    expect(() => thirdParty(plant('MIT', '1.0.1'))).toThrow(
      'expected version 1.0.0 of the lock to be installed, got 1.0.1',
    );
  });
});
