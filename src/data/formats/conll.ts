// Reads a CoNLL file: rows of a token, its tag and perhaps more columns, a blank line after each sentence.
import type { Sentence } from '../corpus.ts';
import type { ConllSource } from '../corpusSource.ts';
import { IssueList } from '../issueList.ts';
import { conllLayout, type ConllLayout } from './conllLayout.ts';
import { readConllRows } from './conllRows.ts';
import { decodeText, encodingFault } from './decodeText.ts';
import { readTaggedMentions } from './taggedMentions.ts';

export interface ConllReading {
  /** Every sentence without an error, in file order. */
  readonly sentences: readonly Sentence[];
  /** How the file was read; null when it was refused as a whole. */
  readonly layout: (ConllLayout & { readonly scheme: ConllSource['scheme'] }) | null;
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

  const unfit = encodingFault(bytes);
  if (unfit !== null) return refuse(unfit.code, null, unfit.message);
  const text = decodeText(bytes);
  const layout = conllLayout(text.lines);
  if ('code' in layout) {
    reportFaultyLines(text.faults.keys().next().value, text.faults.size, issues);
    return refuse(layout.code, layout.line, layout.message);
  }

  const tagged = readConllRows(text, layout, issues);
  const { sentences, scheme } = readTaggedMentions(tagged, issues);
  if (sentences.length === 0) issues.add('error', 'corpus/empty', null, 'The file has no usable sentence.');
  return { sentences, layout: { ...layout, scheme }, issues };
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
