// Proves that the walks match the current code, that a stale stop is reported with its symbol's new location, and that figures are written in place.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFigures } from '../../../../scripts/house/figureTable.ts';
import {
  faultsOf,
  readWalks,
  repointed,
  walkFileName,
  walkLength,
  walkText,
  type Walk,
} from '../../../../scripts/house/walks.ts';

// prettier-ignore

let root = '';

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'walks-'));
  mkdirSync(path.join(root, 'src'));
  const text =
    'export function click() { start(); }\nfunction start() {}\nexport function createLab() { return { open() { load(); } }; }\n';
  writeFileSync(path.join(root, 'src/click.ts'), text);
  writeFileSync(path.join(root, 'src/load.ts'), 'export function load() { return 1; }\n');
});
afterAll(() => rmSync(root, { recursive: true }));

function walk(...stops: readonly (string | Walk['stops'][number])[]): Walk {
  return { name: 'w', from: 'a', to: 'b', stops: stops.map((at) => (typeof at === 'string' ? { at, next: 'calls' } : at)) }; // prettier-ignore
}

describe('the committed walks', () => {
  const { walks } = readWalks();
  it.each(walks.map((one) => [one.name, one] as const))('%s stands in the code', (_name, one) => {
    expect(faultsOf(one, path.resolve(import.meta.dirname, '../../../..'))).toEqual([]);
  });

  it('are written as they are read', () => {
    expect(walkText(readWalks())).toBe(readFileSync(walkFileName, 'utf8'));
  });
});

describe('a walk', () => {
  it('counts each file once, and every hop', () => {
    const length = walkLength(walk('src/click.ts#click', 'src/click.ts#start', 'src/load.ts#load'));
    expect(length).toEqual({ files: 2, calls: 2 });
  });

  it('is right where each stop names the next, nested symbols by their dotted path', () => {
    expect(faultsOf(walk('src/click.ts#createLab.open', 'src/load.ts#load'), root)).toEqual([]);
    const returning = walk({ at: 'src/load.ts#load', next: 'returns' }, 'src/click.ts#createLab.open');
    expect(faultsOf(returning, root)).toEqual([]);
  });

  it.each([
    [walk('src/gone.ts#click', 'src/click.ts#start'), 'stop 1: src/gone.ts does not exist; src/click.ts does'],
    [walk('src/load.ts#click', 'src/click.ts#start'), 'stop 1: src/load.ts declares no click; src/click.ts does'],
    [
      walk('src/click.ts#Lab.open', 'src/load.ts#load'),
      'src/click.ts declares no Lab.open; open is declared in src/click.ts',
    ],
    [walk('src/click.ts#click', 'src/load.ts#load'), 'stop 1: src/click.ts#click does not mention load'],
  ])('that is stale is refused in a sentence', (stale, sentence) => {
    const faults = faultsOf(stale, root);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(sentence);
  });

  it('is pointed to where its symbols are now, and stops that became one are one', () => {
    const stale = walk('src/a.ts#click', 'src/b.ts#click', 'src/load.ts#load', 'src/c.ts#gone');
    expect(repointed(stale, root).stops.map(({ at }) => at)).toEqual([
      'src/click.ts#click',
      'src/load.ts#load',
      'src/c.ts#gone',
    ]);
  });
});

it('figures replace one column of the table, and leave the other and the text', () => {
  const before = withFigures('# Title\n\nText.\n', [{ key: 'files', label: 'files', value: '7' }], 'before');
  expect(before).toContain('| files | 7      |       |');
  const both = withFigures(`${before}\nMore.\n`, [{ key: 'files', label: 'files', value: '5' }], 'after');
  expect(both).toContain('| files | 7      | 5     |');
  expect(both.startsWith('# Title\n\nText.\n')).toBe(true);
  expect(both.endsWith('More.\n')).toBe(true);
});
