// Gathers the rows of a CoNLL file into sentences, leaving out those that cannot be read.
import type { TaggedSentence } from './taggedMentions.ts';
import { quoted, type IssueList } from '../issueList.ts';
import { looksLikeTag, tagOfDialect } from '../tagOfDialect.ts';
import { splitTag, type TagParts } from '../tagScheme.ts';
import { isBlank, splitCells, type ConllLayout } from './conllLayout.ts';
import { maxLineLength, type DecodedText } from './decodeText.ts';

/**
 * The sentences whose rows all have a token and a known tag. `-DOCSTART-` rows end a sentence, comment lines do not; both are
 * left out. Every problem goes to `issues` with its line.
 */
export function readConllRows(text: DecodedText, layout: ConllLayout, issues: IssueList): TaggedSentence[] {
  const { separator, columns, tokenColumn, tagColumn } = layout;
  const sentences: TaggedSentence[] = [];
  const knownTags = new Map<string, TagParts>();
  const documents = new Tally();
  const comments = new Tally();
  let tokens: string[] = [];
  let tags: TagParts[] = [];
  let lines: number[] = [];
  let broken = false;

  const endSentence = () => {
    if (tokens.length > 0 && !broken) sentences.push({ tokens, tags, lines });
    if (tokens.length > 0) {
      tokens = [];
      tags = [];
      lines = [];
    }
    broken = false;
  };
  const reject = (code: string, line: number, message: string) => {
    broken = true;
    issues.add('error', code, line, message);
  };

  for (let index = 0; index < text.lines.length; index++) {
    const row = text.lines[index] ?? '';
    const line = index + 1;
    if (isBlank(row)) {
      const fault = text.faults.get(line);
      if (fault === undefined) endSentence();
      else if (fault === 'invalid-utf8') reject('corpus/invalid-utf8', line, 'Not UTF-8: the sentence is left out.');
      else reject('corpus/long-line', line, `Longer than ${maxLineLength} characters: the sentence is left out.`);
      continue;
    }
    const cells = splitCells(row, separator);
    const token = (cells[tokenColumn] ?? '').trim();
    if (token === '-DOCSTART-' || row.startsWith('-DOCSTART-')) {
      documents.add(line);
      endSentence();
      continue;
    }
    const tagText = (cells[tagColumn] ?? '').trim();
    if (row.startsWith('#') && isComment(row, cells.length === columns, looksLikeTag(tagText), separator)) {
      comments.add(line);
      continue;
    }
    if (cells.length !== columns) {
      const message = `Expected ${columns} columns, got ${cells.length}: the sentence is left out.`;
      reject('corpus/columns', line, message);
      continue;
    }
    if (token === '') {
      reject('corpus/empty-token', line, 'The token is empty: the sentence is left out.');
      continue;
    }
    let tag = knownTags.get(tagText);
    if (tag === undefined) {
      tag = splitTag(tagText);
      if (tagOfDialect(tag) === null) {
        const message = `Unknown tag ${quoted(tagText)}: expected O, B-…, I-… and the like; the sentence is left out.`;
        reject('corpus/unknown-tag', line, message);
        continue;
      }
      knownTags.set(tagText, tag);
    }
    tokens.push(token);
    tags.push(tag);
    lines.push(line);
  }
  endSentence();

  documents.report(issues, 'corpus/docstart', '-DOCSTART- rows mark documents and are left out');
  comments.report(issues, 'corpus/comment', 'comment lines are left out');
  return sentences;
}

/** A `#` may be a token too: with a tag behind it, it is a row. Between tabs, `# ` opens a comment only beside a text that is no tag. */
function isComment(row: string, hasAllColumns: boolean, hasTag: boolean, separator: 'tab' | 'space'): boolean {
  if (!hasAllColumns) return true;
  return !hasTag && (separator === 'space' || row.startsWith('# '));
}

/** Lines of one harmless kind, told once. */
class Tally {
  count = 0;
  firstLine: number | null = null;

  add(line: number): void {
    this.count++;
    this.firstLine ??= line;
  }

  report(issues: IssueList, code: string, what: string): void {
    if (this.count > 0) issues.add('info', code, this.firstLine, `${this.count} ${what} (first here).`);
  }
}
