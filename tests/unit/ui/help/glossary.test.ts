// Proves that the glossary is short, in order and complete for the texts that refer to it, and that every page has a guide with a page of the documentation.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { docsGroups } from '../../../../scripts/docs/docsPages.ts';
import { glossary, guideOf, guides, searchGlossary, type TermName } from '../../../../src/ui/help/helpTexts.ts';
import { parseRoute } from '../../../../src/ui/shared/route.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const names = Object.keys(glossary) as TermName[];

describe('the glossary', () => {
  it('is in alphabetical order, whatever the case', () => {
    expect(names).toEqual(
      [...names].sort((left, right) => left.toLowerCase().localeCompare(right.toLowerCase(), 'en')),
    );
    expect(names.length).toBeGreaterThan(40);
  });

  it('defines each term in one line of less than 200 characters, which ends with a period', () => {
    for (const [name, definition] of Object.entries(glossary)) {
      expect(definition.length, name).toBeLessThan(200);
      expect(definition, name).toMatch(/^\S.*\.$/);
    }
  });

  it('has every term that a page explains', () => {
    const folder = path.join(root, 'src/ui');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tsx'));
    const used = files.flatMap((file) =>
      [...readFileSync(path.join(folder, file), 'utf8').matchAll(/<Term\s+name="([^"]+)"/g)].map(([, name]) => name),
    );
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((name) => !names.includes(name as TermName))).toEqual([]);
  });

  it('refers only to terms that it has', () => {
    const references = Object.values(glossary).flatMap((text) => /; see (.+)\.$/.exec(text)?.[1] ?? []);
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((name) => !names.includes(name as TermName))).toEqual([]);
  });
});

describe('the search', () => {
  it('finds all words anywhere, names first, and everything without a word', () => {
    expect(searchGlossary('  ')).toEqual(names);
    expect(searchGlossary('PRECISION')[0]).toBe('precision');
    expect(searchGlossary('precision')).toContain('F1');
    expect(searchGlossary('tags sentence sequence')).toEqual(['CRF']);
    expect(searchGlossary('no such thing at all')).toEqual([]);
  });
});

describe('the guides', () => {
  it('are chosen by the page of an address', () => {
    const pageOf = (hash: string) => guideOf(parseRoute(hash).page).title;
    expect([pageOf('#/'), pageOf('#/runs/one'), pageOf('#/analyse/leaks')]).toEqual(['New', 'A run', 'Analyses']);
    expect([pageOf('#/corpora/one/test/4'), pageOf('#/tag/one'), pageOf('#/nowhere')]).toEqual([
      'A corpus',
      'Tag',
      'New',
    ]);
  });

  it('have three steps each, and a page of the documentation', () => {
    const pages = docsGroups(root).flatMap((group) => group.pages);
    for (const guide of Object.values(guides)) {
      expect(guide.steps).toHaveLength(3);
      const page = pages.find(({ name }) => name === guide.page);
      expect(page?.sources.every((source) => existsSync(path.join(root, source)))).toBe(true);
    }
  });
});
