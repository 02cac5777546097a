// Recognises the header of a file of rows, and what the names of its columns mean.
import { DialectCounts } from '../corpus/tagDialect.ts';

const tokenNames = ['token', 'tokens', 'word', 'words', 'wordform', 'form', 'text', 'surface', 'tokentext'];
const tagNames = [
  ...['tag', 'tags', 'label', 'labels', 'class', 'annotation', 'entity', 'entities', 'entitytag', 'entitylabel'],
  ...['ner', 'nertag', 'nertags', 'nerlabel', 'ne', 'netag', 'namedentity', 'namedentityvalue', 'gold', 'goldtag'],
  ...['iob', 'iob1', 'iob2', 'iobtag', 'iobtags', 'bio', 'biotag', 'biotags', 'bioes', 'bilou', 'iobes'],
];
const chunkNames = ['chunk', 'chunks', 'chunktag', 'chunktags', 'np', 'phrase'];
const otherNames = [
  ...['id', 'idx', 'index', 'no', 'nr', 'number', 'doc', 'docid', 'document', 'documentid', 'pmid', 'file', 'filename'],
  ...['start', 'end', 'begin', 'offset', 'from', 'to', 'lemma', 'lemmas', 'stem', 'pos', 'postag', 'postags'],
  ...['upos', 'xpos', 'feats', 'head', 'deprel', 'deps', 'misc'],
];

export type HeaderMeaning = 'token' | 'tag' | 'chunk' | 'sentence' | 'other' | null;

/** What a column of this name holds: `other` for names of anything else that is known, null for names that are not. */
export function meaningOfName(name: string): HeaderMeaning {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  if (tokenNames.includes(plain)) return 'token';
  if (tagNames.includes(plain)) return 'tag';
  if (chunkNames.includes(plain)) return 'chunk';
  if (/^sent(ence)?(s|id|idx|index|no|nr|num|number)?$/.test(plain)) return 'sentence';
  return otherNames.includes(plain) ? 'other' : null;
}

/** Words of a sentence may be names of columns, too; several together, none of which is a tag or a number, are a header. */
export function isHeader(first: readonly string[], others: readonly (readonly string[])[]): boolean {
  const cells = first.map((cell) => cell.trim());
  const counts = new DialectCounts();
  cells.forEach((cell) => counts.add(cell));
  // A tag may also have a prefix that no scheme has.
  const isValue = (cell: string) => /^[\d.,:-]+$/.test(cell) || /^\p{Lu}[-_]|[-_]\p{Lu}$/u.test(cell);
  if (counts.best.count > 0 || cells.some(isValue)) return false;
  const meanings = cells.map(meaningOfName);
  if (!meanings.some((meaning) => meaning === 'token' || meaning === 'tag' || meaning === 'sentence')) return false;
  if (meanings.filter((meaning) => meaning !== null).length > 1) return true;
  // A single known name: the others must not be values of their columns.
  return cells.every(
    (cell, column) => meanings[column] !== null || others.every((row) => row[column]?.trim() !== cell),
  );
}

/** Returns the names in CoNLL-U Plus' comment `# global.columns = ID FORM …`; null without it. */
export function statedColumns(lines: readonly string[]): readonly string[] | null {
  const stated = /^#\s*global\.columns\s*=\s*(.+)$/.exec(lines[0]?.trim() ?? '')?.[1];
  return stated === undefined ? null : stated.trim().split(/\s+/);
}
