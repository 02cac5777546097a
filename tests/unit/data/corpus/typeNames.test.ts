// Proves that types have one stored form without white space, and that a type stored under another name than its file writes is reported.
import { describe, expect, it } from 'vitest';
import { IssueList } from '../../../../src/data/corpus/issues.ts';
import { typeName, TypeNames } from '../../../../src/data/corpus/tagScheme.ts';

describe('typeName', () => {
  it.each([
    ['Disease', 'Disease'],
    ['Adverse Event', 'Adverse_Event'],
    ['  Adverse \t  Event\u00a0', 'Adverse_Event'],
    ['Multi-tissue_structure', 'Multi-tissue_structure'],
    ['', ''],
  ])('%j is stored as %j', (written, stored) => expect(typeName(written)).toBe(stored));
});

describe('TypeNames', () => {
  const reported = (...written: string[]) => {
    const issues = new IssueList('f');
    const names = new TypeNames();
    for (const one of written) names.nameOf(one);
    names.report(issues);
    return issues.listed.map(({ severity, code, message }) => `${severity} ${code} ${message}`);
  };

  it('reports nothing where nothing changes', () => expect(reported('Drug', 'Adverse_Event', 'Drug')).toEqual([]));

  it('reports a renamed type once', () => {
    expect(reported('Drug', 'Adverse Event', 'Adverse Event')).toEqual([
      'info corpus/type-name Names of types have no white space: "Adverse Event" is read as "Adverse_Event".',
    ]);
  });

  it('warns where two types become one', () => {
    const [only, ...more] = reported('Adverse_Event', 'Adverse Event');
    expect(only).toMatch(/^warning corpus\/type-name .*one type of 2 spellings/);
    expect(more).toEqual([]);
  });
});
