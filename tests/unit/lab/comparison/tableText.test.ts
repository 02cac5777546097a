// Proves that tables are formatted as valid Markdown, LaTeX and CSV, with the best score in bold and the difference to the published one.
import { describe, expect, it } from 'vitest';
import type { ComparisonTable } from '../../../../src/lab/comparison/comparisonTables.ts';
import { tableText } from '../../../../src/lab/comparison/tableText.ts';
import { csvText } from '../../../../src/util/csv.ts';

const table: ComparisonTable = {
  id: 'table-1',
  title: 'Table 1: one & two',
  columns: [
    { group: 'STL', name: 'F1' },
    { group: 'MTL-XC', name: 'F1' },
    { group: 'Published', name: 'BioBERT' },
  ],
  rows: [
    {
      name: 'a|b_c · all types',
      cells: [
        { kind: 'score', value: { mean: 86, deviation: 0.5, count: 2 }, published: 86.44, best: true, distinct: false },
        {
          kind: 'score',
          value: { mean: 85.126, deviation: null, count: 1 },
          published: null,
          best: false,
          distinct: false,
        },
        { kind: 'number', value: 89.36, best: false },
      ],
    },
    {
      name: 'plain',
      cells: [
        { kind: 'score', value: null, published: 86.44, best: false, distinct: false },
        { kind: 'score', value: { mean: 87, deviation: null, count: 1 }, published: 86, best: true, distinct: false },
        { kind: 'number', value: null, best: false },
      ],
    },
  ],
  notes: ['One note.'],
  tested: false,
};

describe('tableText', () => {
  it('writes Markdown', () => {
    expect(tableText(table, 'markdown').split('\n')).toEqual([
      '**Table 1: one & two**',
      '',
      '| Task | STL F1 | MTL-XC F1 | Published BioBERT |',
      '| --- | ---: | ---: | ---: |',
      '| a\\|b\\_c · all types | **86.00 ± 0.50** (published 86.44, −0.44) | 85.13 | 89.36 |',
      '| plain | – (published 86.44) | **87.00** (published 86.00, +1.00) | – |',
      '',
      '- One note.',
      '',
    ]);
  });

  it('writes LaTeX with special characters escaped and bold around them', () => {
    const lines = tableText(table, 'latex').split('\n');
    expect(lines).toContain('\\caption{Table 1: one \\& two}');
    expect(lines).toContain('\\begin{tabular}{lrrr}');
    expect(lines).toContain(
      'a|b\\_c $\\cdot$ all types & \\textbf{86.00 $\\pm$ 0.50} (published 86.44, $-$0.44) & 85.13 & 89.36 \\\\',
    );
  });

  it('marks distinct scores, after the mean and in a separate column', () => {
    const [row] = table.rows;
    const cells = (row?.cells ?? []).map((cell, index) => (cell.kind === 'score' ? { ...cell, distinct: index === 0 } : cell)); // prettier-ignore
    const marked = { ...table, tested: true, rows: [{ name: 'a', cells }] };
    expect(tableText(marked, 'markdown')).toContain(
      '| a | **86.00† ± 0.50** (published 86.44, −0.44) | 85.13 | 89.36 |',
    );
    expect(tableText(marked, 'latex')).toContain('a & \\textbf{86.00$^\\dagger$ $\\pm$ 0.50}');
    const [head, first] = tableText(marked, 'csv').split('\r\n');
    expect(head).toContain('STL F1 difference,STL F1 distinct from STL,MTL-XC F1');
    expect(first).toBe('a,86.00,0.50,86.44,-0.44,yes,85.13,,,,,89.36');
    expect(tableText(table, 'csv')).not.toContain('distinct');
  });

  it('writes CSV with a column for each number', () => {
    const [head, first, second] = tableText(table, 'csv').split('\r\n');
    expect(head).toBe(
      'Task,STL F1,STL F1 deviation,STL F1 published,STL F1 difference,' +
        'MTL-XC F1,MTL-XC F1 deviation,MTL-XC F1 published,MTL-XC F1 difference,Published BioBERT',
    );
    expect(first).toBe('a|b_c · all types,86.00,0.50,86.44,-0.44,85.13,,,,89.36');
    expect(second).toBe('plain,,,86.44,,87.00,,86.00,1.00,');
  });
});

describe('csvText', () => {
  it('quotes cells that need it', () => {
    expect(csvText([['a,b', 'say "x"', 1, null]])).toBe('"a,b","say ""x""",1,\r\n');
  });

  it('runs nothing in a spreadsheet: text that starts like a formula is marked as text, numbers stay numbers', () => {
    const cells = ['=1+1', '+x', '-x', '@SUM(A1)', '\t=1', '-0.44', '+1.00', '-', 'a=b', ''];
    expect(csvText([cells])).toBe("'=1+1,'+x,'-x,'@SUM(A1),'\t=1,-0.44,+1.00,'-,a=b,\r\n");
    expect(csvText([['=HYPERLINK("http://a.example","x")', -1]])).toBe(
      `"'=HYPERLINK(""http://a.example"",""x"")",-1\r\n`,
    );
  });
});

describe('a malicious name', () => {
  const name = '<img src=x onerror=alert(1)> [a](javascript:alert(1))\n\\input{/etc/passwd}';
  const [first] = table.rows;
  const hostile = { ...table, title: name, rows: [{ name, cells: first?.cells ?? [] }], notes: [name] };

  it('is text in Markdown', () => {
    const text = tableText(hostile, 'markdown');
    expect(text).not.toMatch(/(?<!\\)[<[]/);
    expect(text.split('\n')).toHaveLength(8);
  });

  it('is text in LaTeX, and does not end a comment', () => {
    const lines = tableText(hostile, 'latex').split('\n');
    expect(lines[0]).toMatch(/^% .*input/);
    expect(lines.slice(1).join('\n')).not.toContain('\\input');
  });
});
