// Proves that marked terms are the longest from left to right, by a search of every term at every token, and that what is ambiguous is reported.
import { describe, expect, it } from 'vitest';
import type { DictionaryEntry } from '../../../../src/data/dictionary/dictionary.ts';
import { DEFAULT_RULES, isSymbol, termUnits, type TermRules } from '../../../../src/data/dictionary/termForms.ts';
import { silverText } from '../../../../src/data/dictionary/termMatcher.ts';
import { finishWork } from '../../../../src/util/clock.ts';
import { Rng } from '../../../../src/util/random.ts';

const entry = (id: string, name: string, type: string | null = 'T', ...synonyms: string[]): DictionaryEntry => {
  return { id, name, type, synonyms: synonyms.map((text) => ({ text, scope: null })) };
};

function marked(entries: readonly DictionaryEntry[], text: string, rules: TermRules = DEFAULT_RULES) {
  const tokens = text.split(' ');
  const { sentences, report } = finishWork(silverText(entries, [{ tokens }], rules, null));
  const found = (sentences[0]?.mentions ?? []).map(({ start, end }) => tokens.slice(start, end).join(' '));
  return { found, report, mentions: sentences[0]?.mentions ?? [] };
}

/** Tries every end for each start, and every term for each span, by comparing units. */
function reference(
  entries: readonly DictionaryEntry[],
  tokens: readonly string[],
  rules: TermRules,
): readonly string[] {
  const spans: string[] = [];
  for (let start = 0; start < tokens.length; start++) {
    for (let end = tokens.length; end > start; end--) {
      const units = termUnits(tokens.slice(start, end).join(' '), rules);
      const outer = [termUnits(tokens[start] ?? '', rules), termUnits(tokens[end - 1] ?? '', rules)];
      if (outer.some((own) => own.length === 0)) continue;
      const isTerm = entries.some(({ name, synonyms }) =>
        [name, ...synonyms.map(({ text }) => text)].some((term) => {
          const own = termUnits(term, rules);
          const key = isSymbol(term, rules) ? 'cased' : 'fold';
          return own.length === units.length && own.every((unit, index) => unit[key] === units[index]?.[key] && unit.fold === units[index]?.fold); // prettier-ignore
        }),
      );
      if (!isTerm) continue;
      spans.push(`${start}-${end}`);
      start = end - 1;
      break;
    }
  }
  return spans;
}

describe('marking', () => {
  it('finds the longest terms from left to right, as a search of everything does', () => {
    const rng = Rng.seeded(3);
    const words = ['Tumor', 'tumors', 'of', 'breast', 'IL', '-', '2', 'CAT', 'cat', 'α', 'alpha', 'TNF'];
    const draw = (most: number) => Array.from({ length: 1 + rng.integer(most) }, () => words[rng.integer(words.length)] ?? ''); // prettier-ignore
    let found = 0;
    for (let round = 0; round < 400; round++) {
      const entries = Array.from({ length: 6 }, (_, index) => entry(`${index}`, draw(3).join(' '))).filter(
        ({ name }) => termUnits(name, DEFAULT_RULES).map(({ fold }) => fold).join('').length >= 2 && /[a-zα]/i.test(name), // prettier-ignore
      );
      const rules = { ...DEFAULT_RULES, commonWords: false, joins: round % 2 === 0, plurals: round % 3 > 0 };
      const tokens = draw(12);
      const { sentences } = finishWork(silverText(entries, [{ tokens }], rules, null));
      const spans = (sentences[0]?.mentions ?? []).map(({ start, end }) => `${start}-${end}`);
      expect(spans, `${entries.map(({ name }) => name).join('|')} in ${tokens.join(' ')}`).toEqual(
        reference(entries, tokens, rules),
      );
      found += spans.length;
    }
    expect(found).toBeGreaterThan(200);
  });

  it.each([
    ['plural', 'breast cancer', 'two breast cancers here', 'breast cancers'],
    ['irregular plural', 'metastasis', 'many metastases', 'metastases'],
    ['possessive', 'Alzheimer disease', "Alzheimer 's disease", "Alzheimer 's disease"],
    ['hyphen', 'IL-2', 'with IL 2 and', 'IL 2'],
    ['joined', 'IL-2', 'with IL2 and', 'IL2'],
    ['Greek', 'TNF-alpha', 'soluble TNF - α level', 'TNF - α'],
    ['Greek name', 'TNF-α', 'soluble TNFalpha level', 'TNFalpha'],
    ['case', 'breast cancer', 'Breast Cancer', 'Breast Cancer'],
    ['plural of a symbol', 'TIA', 'two TIAs', 'TIAs'],
  ])('passes over %s', (_, term, text, expected) => {
    expect(marked([entry('1', term)], text).found).toEqual([expected]);
  });

  it('heeds the case of symbols, and of nothing else', () => {
    const entries = [entry('1', 'CAT')];
    expect(marked(entries, 'the cat and CAT').found).toEqual(['CAT']);
    expect(marked(entries, 'the cat and CAT', { ...DEFAULT_RULES, symbolLength: 0 }).found).toEqual(['cat', 'CAT']);
  });

  it('leaves common words and single signs out, and reports them', () => {
    const { found, report } = marked([entry('1', 'impact', 'T', 'x'), entry('2', 'asthma')], 'the impact of asthma x');
    expect(found).toEqual(['asthma']);
    expect(report.leftOut).toEqual([
      { term: 'impact', id: '1', reason: 'common word' },
      { term: 'x', id: '1', reason: 'too short' },
    ]);
  });

  it('gives a term of several ids none, marks no term of several types, and reports both', () => {
    const entries = [
      entry('1', 'red spots'),
      entry('2', 'spots', 'T', 'red spots'),
      entry('3', 'warts'),
      entry('4', 'warts', 'U'),
    ];
    const { mentions, report } = marked(entries, 'red spots and warts and spots');
    expect(mentions).toEqual([
      { type: 'T', start: 0, end: 2 },
      { type: 'T', start: 5, end: 6, link: { id: '2' } },
    ]);
    expect(report).toMatchObject({ withoutId: 1, unmarked: 1, ambiguousCount: 2 });
    expect(report.ambiguous.map(({ term, ids }) => [term, ids])).toEqual([
      ['red spots', ['1', '2']],
      ['warts', ['3', '4']],
    ]);
  });

  it('does not look for synonyms that are broader or merely related', () => {
    const broad: DictionaryEntry = { ...entry('1', 'asthma'), synonyms: [{ text: 'lung disease', scope: 'BROAD' }] };
    expect(marked([broad], 'lung disease or asthma').found).toEqual(['asthma']);
  });
});
