// Draws corpora of rows in the forms that people write them in: columns, separators, tags, headers, line ends, and some damage.
import type { Mention, Sentence, Split } from '../src/data/corpus/corpus.ts';
import { mentionsToTags, splitTag } from '../src/data/corpus/tagScheme.ts';
import type { NamedFile } from '../src/util/namedFile.ts';
import type { Rng } from '../src/util/random.ts';
import type { InputSource, KnownInput } from './silentLosses.ts';

const words = [
  ...[
    'The',
    'heron',
    'p53',
    'IL-2',
    'of',
    'was',
    'found',
    'zinc',
    'ions',
    'bind',
    'α-galactin',
    'Blätter',
    'fen',
    'moss',
  ],
  ...[
    'gene',
    'expression',
    'vitamin-B',
    'S-phase',
    'causes',
    'mg',
    '50%',
    'cell',
    'B',
    'IgG',
    'severe',
    'pain',
    'word',
  ],
  ...[
    ',',
    '.',
    '(',
    ')',
    '"',
    "''",
    ';',
    ':',
    '#',
    '-',
    '|',
    '_',
    '7',
    '10',
    '1,000',
    '3.5',
    '+',
    'O',
    'tag',
    '1-2',
    'x|y',
  ],
];
const types = ['Disease', 'Drug', 'cell_type', 'Multi-tissue_structure', 'gene/protein', 'DNA', 'Adverse Event', 'GP'];
const partsOfSpeech = ['NN', 'DT', 'IN', 'VBZ', 'JJ', 'CD', '.', 'SYM', 'NNP'];

const pick = <Item>(rng: Rng, items: readonly Item[]): Item => items[rng.integer(items.length)] as Item;
const chance = (rng: Rng, share: number): boolean => rng.uniform() < share;

function drawSentence(rng: Rng, ofTypes: readonly string[], share: number, shortest: number): Sentence {
  const tokens = Array.from({ length: shortest + rng.integer(12) }, () => pick(rng, words));
  const mentions: Mention[] = [];
  let at = 0;
  while (at < tokens.length) {
    const end = Math.min(tokens.length, at + 1 + rng.integer(3));
    if (chance(rng, share)) mentions.push({ type: pick(rng, ofTypes), start: at, end });
    at = end;
  }
  return { tokens, mentions };
}

/** How the rows of one corpus are written. */
interface RowForm {
  readonly scheme: (typeof schemes)[number];
  readonly spell: (prefix: string, type: string) => string;
  readonly columns: readonly Column[];
  readonly separator: string;
  readonly quotes: 'none' | 'needed' | 'all';
  readonly lineEnd: string;
  readonly header: 'none' | 'known' | 'stated' | 'odd';
  readonly hasBlankLines: boolean;
  readonly trailing: 'none' | 'all' | 'some';
}

const schemes = ['IOB1', 'IOB2', 'IOBES', 'BIOLU'] as const;

/** A column: what it is called, and its cell for a token. */
interface Column {
  readonly name: string;
  readonly cell: (row: RowContext, rng: Rng) => string;
}

interface RowContext {
  readonly token: string;
  readonly tag: string;
  /** 0-based in the sentence; the sentence, row and character in the file. */
  readonly index: number;
  readonly sentence: number;
  readonly row: number;
  readonly start: number;
}

const token: Column = { name: 'Word', cell: (row) => row.token };
const tag: Column = { name: 'Tag', cell: (row) => row.tag };
const before: readonly (readonly Column[])[] = [
  [{ name: 'id', cell: ({ index }) => `${index + 1}` }],
  [{ name: 'id', cell: ({ index }) => `${index}` }],
  [{ name: 'id', cell: ({ row }) => `${row + 17}` }],
  [{ name: 'sent_id', cell: ({ sentence }) => `${4501 + sentence}` }],
  [{ name: 'Sentence #', cell: ({ sentence, index }) => (index === 0 ? `Sentence: ${sentence + 1}` : '') }],
  [{ name: 'pos', cell: (_, rng) => pick(rng, partsOfSpeech) }],
  [{ name: 'doc_id', cell: ({ sentence }) => `PMID-${1000 + (sentence >> 1)}` }],
  [
    { name: 'start', cell: ({ start }) => `${start}` },
    { name: 'end', cell: ({ start, token: text }) => `${start + text.length}` },
  ],
];
const after: readonly (readonly Column[])[] = [
  [{ name: 'POS', cell: (_, rng) => pick(rng, partsOfSpeech) }],
  [{ name: 'lemma', cell: ({ token: text }) => text.toLowerCase() }],
  [{ name: 'chunk', cell: ({ index }) => (index % 3 === 0 ? 'B-NP' : index % 3 === 1 ? 'I-NP' : 'O') }],
  [{ name: 'misc', cell: () => '_' }],
  [{ name: 'score', cell: (_, rng) => rng.uniform().toFixed(2) }],
  [
    { name: 'start', cell: ({ start }) => `${start}` },
    { name: 'end', cell: ({ start, token: text }) => `${start + text.length}` },
  ],
];
const last: readonly (readonly Column[])[] = [
  [{ name: 'confidence', cell: (_, rng) => rng.uniform().toFixed(3) }],
  [{ name: 'doc', cell: ({ sentence }) => `d${sentence >> 1}` }],
  [{ name: 'other', cell: () => 'O' }],
  [{ name: 'misc', cell: () => '_' }],
];

function drawColumns(rng: Rng): readonly Column[] {
  const lead = chance(rng, 0.4) ? pick(rng, before) : [];
  const middle = [0, 1].flatMap(() => (chance(rng, 0.25) ? pick(rng, after) : []));
  const tail = chance(rng, 0.15) ? pick(rng, last) : [];
  return chance(rng, 0.1) ? [tag, ...lead, token] : [...lead, token, ...middle, tag, ...tail];
}

const spellings: readonly (readonly [name: string, spell: RowForm['spell']])[] = [
  ['B-X', (prefix, type) => `${prefix}-${type}`],
  ['B_X', (prefix, type) => `${prefix}_${type}`],
  ['X-B', (prefix, type) => `${type}-${prefix}`],
  ['X_B', (prefix, type) => `${type}_${prefix}`],
];

function tagsOf({ tokens, mentions }: Sentence, { scheme, spell }: RowForm): string[] {
  const written = mentionsToTags(mentions, tokens.length, scheme === 'BIOLU' ? 'IOBES' : scheme);
  return written.map((text) => {
    if (text === 'O') return text;
    const { prefix, type } = splitTag(text);
    const dialect: Readonly<Record<string, string>> = scheme === 'BIOLU' ? { E: 'L', S: 'U' } : {};
    return spell(dialect[prefix] ?? prefix, type);
  });
}

function drawRowCorpus(rng: Rng): KnownInput {
  const [spelling, spell] = chance(rng, 0.7) ? (spellings[0] as (typeof spellings)[number]) : pick(rng, spellings);
  const columns = drawColumns(rng);
  const separator = pick(rng, ['\t', '\t', '\t', ' ', ' ', '  ', ',', ', ', ';', ' \t']);
  const isSpace = /^ +$/.test(separator);
  const isTable = separator.startsWith(',') || separator === ';';
  const hasEmptyCells = columns.some(({ name }) => name === 'Sentence #');
  const numbersSentences = columns.some(({ name }) => name === 'sent_id' || name === 'Sentence #');
  const form: RowForm = {
    scheme: pick(rng, schemes),
    spell,
    columns,
    separator: isSpace && hasEmptyCells ? '\t' : separator,
    quotes: isTable ? pick(rng, ['needed', 'all', 'none'] as const) : 'none',
    lineEnd: pick(rng, ['\n', '\n', '\n', '\r\n', '\r']),
    header: isTable || chance(rng, 0.2) ? pick(rng, ['none', 'known', 'known', 'stated', 'odd'] as const) : 'none',
    hasBlankLines: !(numbersSentences && chance(rng, 0.7)),
    trailing: chance(rng, 0.1) ? pick(rng, ['all', 'some'] as const) : 'none',
  };
  const ofTypes = isSpace ? types.filter((type) => !type.includes(' ')) : types;
  const drawn = ofTypes.filter(() => chance(rng, 0.4));
  const chosen = drawn.length === 0 ? ofTypes.slice(0, 1) : drawn;
  const sentences = { train: [] as Sentence[], devel: [] as Sentence[], test: [] as Sentence[] };
  const changes = new Set([spelling, form.scheme, form.header, form.quotes, form.trailing, JSON.stringify([form.separator, form.lineEnd]), columns.map(({ name }) => name).join('+')]); // prettier-ignore
  const splits: readonly Split[] = chance(rng, 0.5) ? ['train'] : ['train', 'devel', 'test'];
  const ending = isTable
    ? pick(rng, ['.csv', '.tsv', '.txt'])
    : pick(rng, ['.tsv', '.txt', '.conll', '.iob2', '.conllu']);
  const files = splits.map((split): NamedFile => {
    // Of sentences without blank lines, only longer ones show what numbers them.
    const shortest = form.hasBlankLines ? 1 : 3;
    // A test file may have no mention.
    const share = split === 'test' && chance(rng, 0.3) ? 0 : 0.3;
    sentences[split] = Array.from({ length: 2 + rng.integer(5) }, () => drawSentence(rng, chosen, share, shortest));
    return {
      path: `fen/${split}${ending}`,
      bytes: encoded(rng, writeRows(rng, sentences[split], form, changes), changes),
    };
  });
  return { files, sentences, changes: [...changes] };
}

function writeRows(rng: Rng, sentences: readonly Sentence[], form: RowForm, changes: Set<string>): string {
  const { columns, lineEnd, separator, header } = form;
  const lines: string[] = [];
  const isWhite = chance(rng, 0.1);
  const hasRanges = columns[0]?.name === 'id' && columns.length > 3 && separator.includes('\t') && chance(rng, 0.3);
  const hasComments = chance(rng, 0.15);
  const hasBlankTokens = chance(rng, 0.1) && !/^ +$/.test(separator);
  if (header === 'known') lines.push(rowOf(columns.map(({ name }) => name), form, rng)); // prettier-ignore
  if (header === 'stated')
    lines.push(`# global.columns = ${columns.map(({ name }) => name.replace(/\W/g, '')).join(' ')}`);
  if (header === 'odd') lines.push(rowOf(columns.map((_, index) => `c${index + 1}`), form, rng)); // prettier-ignore
  if (chance(rng, 0.1)) lines.push(['-DOCSTART-', ...columns.slice(1).map(() => 'O')].join(separator), '');
  const damaged = chance(rng, 0.05) ? rng.integer(20) : null;
  let row = 0;
  let start = 0;
  sentences.forEach((sentence, index) => {
    if (hasComments) lines.push(pick(rng, ['# id = 1', '###MEDLINE:95369245', '# text']));
    const tags = tagsOf(sentence, form);
    sentence.tokens.forEach((text, at) => {
      const context: RowContext = { token: text, tag: tags[at] ?? 'O', index: at, sentence: index, row, start };
      const cells = columns.map(({ cell }) => cell(context, rng));
      if (hasRanges && at === 0 && sentence.tokens.length > 1) {
        changes.add('ranges');
        lines.push(rowOf([`${cells[0]}-${Number(cells[0]) + 1}`, 'zur', ...columns.slice(2).map(() => '_')], form, rng)); // prettier-ignore
      }
      if (hasBlankTokens && chance(rng, 0.1)) {
        changes.add('blank tokens');
        // Between the tokens of a mention its tag goes on.
        const isInside = sentence.mentions.some((mention) => mention.start < at && at < mention.end);
        if (!isInside) lines.push(rowOf(columns.map((column, place) => (column === token ? '\u00a0' : column === tag ? 'O' : (cells[place] ?? ''))), form, rng)); // prettier-ignore
      }
      lines.push(rowOf(damaged === row ? damagedCells(rng, cells, columns.indexOf(tag), changes) : cells, form, rng));
      row++;
      start += text.length + 1;
    });
    if (form.hasBlankLines) lines.push(isWhite ? pick(rng, ['', ' ', '\t', '  \t ']) : '');
  });
  if (!form.hasBlankLines) changes.add('no blank lines');
  return lines.map((line) => `${line}${lineEnd}`).join('');
}

/** A row that cannot be read as it was meant. */
function damagedCells(rng: Rng, cells: readonly string[], tagColumn: number, changes: Set<string>): readonly string[] {
  const kind = pick(rng, ['cell missing', 'cell too many', 'unknown tag'] as const);
  changes.add(kind);
  // Without its last cell, a row with the token there looks like one of white space.
  if (kind === 'cell missing') return tagColumn === 0 ? cells.slice(1) : cells.slice(0, -1);
  if (kind === 'cell too many') return [...cells, 'more'];
  return cells.map((cell, column) => (column === tagColumn ? 'Q-Disease' : cell));
}

function rowOf(cells: readonly string[], { separator, quotes, trailing }: RowForm, rng: Rng): string {
  const character = separator.trim() === '' ? separator : separator.trim();
  const isQuoted = (cell: string) =>
    quotes === 'all' || (quotes === 'needed' && (cell.includes(character) || cell.includes('"')));
  const written = cells.map((cell) => (isQuoted(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  const isTrailing = trailing === 'all' || (trailing === 'some' && chance(rng, 0.5));
  return written.join(separator) + (isTrailing ? separator.repeat(1 + rng.integer(2)) : '');
}

/** Encodes the text, with marks where files had been joined. */
function encoded(rng: Rng, text: string, changes: Set<string>): Uint8Array<ArrayBuffer> {
  let written = text;
  if (chance(rng, 0.1)) {
    changes.add('byte order mark');
    written = `\ufeff${written}`;
  }
  if (chance(rng, 0.05)) {
    changes.add('byte order mark in the middle');
    const lines = written.split('\n');
    const at = rng.integer(lines.length);
    lines[at] = `\ufeff${lines[at] ?? ''}`;
    written = lines.join('\n');
  }
  if (chance(rng, 0.05)) {
    changes.add('UTF-16');
    const units = Uint16Array.from(`\ufeff${written.replace(/^\ufeff/, '')}`, (character) => character.charCodeAt(0));
    return new Uint8Array(units.buffer);
  }
  return new TextEncoder().encode(written);
}

/** Rows of tokens. */
export const rowForms: InputSource = { name: 'rows', draw: drawRowCorpus };
