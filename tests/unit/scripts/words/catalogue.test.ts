// Proves that the committed catalogue has every text of the sources, and that translations survive an update.
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  catalogueOf,
  checkLanguage,
  committedText,
  differences,
  jsonText,
  updatedTranslations,
} from '../../../../scripts/words/catalogue.ts';
import { isWorded, readSources } from '../../../../scripts/words/sources.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

it('the committed catalogue is up to date: npm run words', () => {
  expect(differences(catalogueOf(readSources(root)), committedText(root))).toEqual([]);
});

describe('a catalogue', () => {
  const catalogue = new Map([
    ['One run', ['src/ui/A.tsx']],
    ['Two runs', ['src/ui/A.tsx', 'src/ui/B.tsx']],
  ]);

  it('equals what was written of it', () => {
    expect(differences(catalogue, jsonText(catalogue))).toEqual([]);
  });

  it('names messages that are missing, no longer used, or in other files', () => {
    expect(differences(catalogue, '{"No run": ["src/ui/A.tsx"], "Two runs": ["src/ui/A.tsx"]}')).toEqual([
      'missing: “One run”, in src/ui/A.tsx',
      'stale: “No run”',
      'in other files: “Two runs”, now in src/ui/A.tsx, src/ui/B.tsx',
    ]);
  });

  it('updates translations: those in use stay, new ones are empty, others are dropped', () => {
    const before = new Map([
      ['One run', 'Ein Lauf'],
      ['No run', 'Kein Lauf'],
    ]);
    expect(updatedTranslations(catalogue, before)).toEqual({
      translations: new Map([
        ['One run', 'Ein Lauf'],
        ['Two runs', ''],
      ]),
      translated: 1,
      added: 1,
      dropped: 1,
    });
  });
});

it('languages are tags of BCP 47 beside English', () => {
  for (const language of ['de', 'pt-BR', 'zh-Hans']) expect(() => checkLanguage(language)).not.toThrow();
  for (const language of ['en', '../de', 'German', ''])
    expect(() => checkLanguage(language)).toThrow('Unusable language');
});

it('files of data have no messages', () => {
  expect(
    ['src/ui/app/App.tsx', 'src/lab/share/researchCrate.ts', 'src/data/issues.ts', 'src/ui/a.css'].map(isWorded),
  ).toEqual([true, false, false, false]);
});
