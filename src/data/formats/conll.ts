// Reads a CoNLL file: rows of a token, its tag and perhaps more columns, a blank line after each sentence.
import type { Sentence } from '../corpus.ts';
import type { CorpusSource } from '../../schema/corpusRecord.ts';
import { lenientMentionsOfParts } from '../chunks.ts';
import { detectTagScheme, type TagSchemeFinding } from '../detectTagScheme.ts';
import { illegalTransitions } from '../illegalTransitions.ts';
import { IssueList, quoted } from '../issueList.ts';
import { tagOfDialect } from '../tagOfDialect.ts';
import { outside, type TagParts } from '../tagScheme.ts';
import { conllLayout, type ConllLayout } from './conllLayout.ts';
import { readConllRows, type TaggedSentence } from './conllRows.ts';
import { decodeText } from './decodeText.ts';

/** The type of mentions whose tags name none. */
export const untypedName = 'entity';

export interface ConllReading {
  /** Every sentence without an error, in file order. */
  readonly sentences: readonly Sentence[];
  /** How the file was read; null when it was refused as a whole. */
  readonly layout: (ConllLayout & { readonly scheme: CorpusSource['scheme'] }) | null;
  readonly issues: IssueList;
}

/**
 * Reads the bytes of one file; never throws. `file` is the name that issues carry. A sentence with an error is left out, the
 * others stay; mentions are read leniently, as conlleval does, and tags that break their scheme are listed.
 */
export function readConll(bytes: Uint8Array, file: string): ConllReading {
  const issues = new IssueList(file);
  const refuse = (code: string, line: number | null, message: string): ConllReading => {
    issues.add('error', code, line, message);
    return { sentences: [], layout: null, issues };
  };

  if (isUtf16(bytes)) return refuse('corpus/encoding', null, 'The file is UTF-16: save it as UTF-8.');
  if (bytes.includes(0)) return refuse('corpus/binary', null, 'The file is binary, not text: it holds zero bytes.');
  const text = decodeText(bytes);
  const layout = conllLayout(text.lines);
  if ('code' in layout) {
    reportFaultyLines(text.faults.keys().next().value, text.faults.size, issues);
    return refuse(layout.code, layout.line, layout.message);
  }

  const tagged = readConllRows(text, layout, issues);
  const finding = detectTagScheme(tagged);
  const untyped = nameUntyped(tagged, issues);
  const sentences = untyped.map((sentence) => {
    const tags = sentence.tags.map((tag) => tagOfDialect(tag) ?? outside);
    if (finding.mixed === null) reportIllegal(sentence, tags, finding.scheme, issues);
    return { tokens: sentence.tokens, mentions: lenientMentionsOfParts(tags) };
  });
  reportMixed(finding, issues);
  if (sentences.length === 0) issues.add('error', 'corpus/empty', null, 'The file has no usable sentence.');
  return { sentences, layout: { ...layout, scheme: finding.scheme }, issues };
}

function isUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** When nothing else is left of a file, its unreadable lines are the reason. */
function reportFaultyLines(firstLine: number | undefined, count: number, issues: IssueList): void {
  if (firstLine === undefined) return;
  issues.add(
    'error',
    'corpus/unreadable-lines',
    firstLine,
    `${count} lines are too long or not UTF-8, the first here.`,
  );
}

/** Gives mentions whose tags are a bare prefix the type `untypedName`, and says so. */
function nameUntyped(sentences: readonly TaggedSentence[], issues: IssueList): readonly TaggedSentence[] {
  let firstLine: number | null = null;
  let untyped = 0;
  let typed = 0;
  for (const { tags, lines } of sentences) {
    tags.forEach((tag, index) => {
      if (tag.prefix === 'O') return;
      if (tag.type !== '') typed++;
      else if (untyped++ === 0) firstLine = lines[index] ?? null;
    });
  }
  if (untyped === 0) return sentences;
  if (typed === 0) {
    const message = `Tags name no type (first here): all mentions are read as type "${untypedName}".`;
    issues.add('warning', 'corpus/untyped-tag', firstLine, message);
  }
  const named = new Map<string, TagParts>();
  return sentences.map((sentence) => {
    const tags = sentence.tags.map((tag, index) => {
      if (tag.prefix === 'O' || tag.type !== '') return tag;
      if (typed > 0) {
        const message = `Tag ${quoted(tag.prefix)} names no type: read as type "${untypedName}".`;
        issues.add('warning', 'corpus/untyped-tag', sentence.lines[index] ?? null, message);
      }
      const known = named.get(tag.prefix) ?? { prefix: tag.prefix, type: untypedName };
      named.set(tag.prefix, known);
      return known;
    });
    return { ...sentence, tags };
  });
}

function reportIllegal(
  sentence: TaggedSentence,
  tags: readonly TagParts[],
  scheme: CorpusSource['scheme'],
  issues: IssueList,
): void {
  if (scheme === 'IO' || scheme === 'none') return;
  for (const { index, complaint } of illegalTransitions(tags, scheme === 'BIOLU' ? 'IOBES' : scheme)) {
    const { prefix = '', type = '' } = sentence.tags[index] ?? {};
    const message = `Tag ${quoted(`${prefix}-${type}`)} ${complaint}, as ${scheme} asks: read as conlleval does.`;
    issues.add('warning', 'corpus/illegal-transition', sentence.lines[index] ?? null, message);
  }
}

function reportMixed({ mixed }: TagSchemeFinding, issues: IssueList): void {
  if (mixed === null) return;
  const { schemes, conflicts, line } = mixed;
  const message =
    `Tags of ${schemes} are mixed (first contradiction here, ${conflicts} in all): ` +
    'mentions are read as conlleval does.';
  issues.add('warning', 'corpus/mixed-schemes', line, message);
}
