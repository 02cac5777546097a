// Reads corpora in JSON: texts with character spans, or tokens with tags, one per item.
import type { NamedFile } from '../../util/namedFile.ts';
import { IssueList } from '../corpus/issues.ts';
import { annotateDocument } from '../documents/annotateDocument.ts';
import type { AnnotatedDocument } from '../documents/document.ts';
import { fileStem } from '../documents/documentNames.ts';
import { annotateSentences, documentsOfSentences } from '../documents/documentSentences.ts';
import { byteOffsets, codePointOffsets, codeUnitOffsets } from '../documents/offsets.ts';
import { fittingOffsets, placeMentions } from '../documents/placeMentions.ts';
import { readWholeText, type DocumentReading } from './documentReading.ts';
import { isJsonRecord, isTexts, readJsonItems, type JsonItem } from './jsonItems.ts';
import { idOfItem, readSpanItem, type SpanItem } from './spanItem.ts';
import { readTaggedMentions, type TaggedSentence } from './taggedMentions.ts';
import {
  isColumnDescription,
  numberedColumn,
  readTokenItem,
  tagNamesIn,
  tokensOfItem,
  type TagNames,
} from './tokenItem.ts';

const pythonFirst = [codePointOffsets, codeUnitOffsets] as const;
const browserFirst = [codeUnitOffsets, codePointOffsets] as const;

/**
 * Reads one file, together with the description of its columns if there is one; never throws. An unreadable item is an error and
 * left out. Documents without an id are named after the file and their position in it.
 */
export function readJsonl(files: readonly NamedFile[]): DocumentReading {
  const file = files.find(({ path }) => !isColumnDescription(path));
  if (file === undefined) return { documents: [], issues: [] };
  const issues = new IssueList(file.path);
  const described = files.filter(({ path }) => isColumnDescription(path));
  const names: TagNames = new Map(
    described.flatMap(({ bytes }) => [...tagNamesIn(readWholeText(bytes, issues) ?? '')]),
  );
  const items = readJsonItems(file.bytes, issues);
  const stem = fileStem(file.path);
  const read = isTexts(firstTokens(items)) ? readTokenItems : readSpanItems;
  return { documents: read(items, stem, names, issues), issues: [issues] };
}

function firstTokens(items: readonly JsonItem[]): readonly string[] | null {
  const item = items.find(({ value }) => isJsonRecord(value) || Array.isArray(value));
  return item === undefined ? null : tokensOfItem(item.value);
}

function readTokenItems(
  items: readonly JsonItem[],
  stem: string,
  names: TagNames,
  issues: IssueList,
): AnnotatedDocument[] {
  for (const { value, line } of items) {
    const column = numberedColumn(value);
    if (column === null || names.has(column)) continue;
    const message =
      `The tags in ${column} are numbers and nothing says what they mean: ` +
      'drop the dataset_info.json of the corpus together with it.';
    issues.add('error', 'corpus/tag-names', line, message);
    return [];
  }
  const ids: string[] = [];
  const tagged: TaggedSentence[] = [];
  items.forEach(({ value, line }, index) => {
    const tokens = tokensOfItem(value);
    const sentence =
      tokens === null || !isJsonRecord(value)
        ? 'Expected an object with tokens and their tags'
        : readTokenItem(value, tokens, names, line);
    if (typeof sentence === 'string') {
      issues.add('error', 'corpus/item', line, `${sentence}: item ${index + 1} is left out.`);
    } else if (sentence.tokens.length > 0) {
      ids.push((isJsonRecord(value) ? idOfItem(value) : null) ?? `${stem}-${index + 1}`);
      tagged.push(sentence);
    }
  });
  const { sentences } = readTaggedMentions(tagged, issues);
  return sentences.flatMap((sentence, index) =>
    documentsOfSentences([sentence], ids[index] ?? '').map((text) => annotateSentences(text, [sentence.mentions])),
  );
}

function readSpanItems(items: readonly JsonItem[], stem: string, _: TagNames, issues: IssueList): AnnotatedDocument[] {
  const documents: AnnotatedDocument[] = [];
  let rejected = 0;
  items.forEach(({ value, line }, index) => {
    const item = readSpanItem(value, line);
    if (typeof item === 'string') {
      issues.add('error', 'corpus/item', line, `Expected ${item}: item ${index + 1} is left out.`);
    } else if (item.isRejected) {
      rejected++;
    } else {
      const document = placedDocument(item.id ?? `${stem}-${index + 1}`, item, issues);
      if (document.sentences.length > 0) documents.push(document);
    }
  });
  if (rejected > 0) {
    issues.add('info', 'corpus/rejected', null, `${rejected} items were rejected or skipped by a person: left out.`);
  }
  return documents;
}

function placedDocument(id: string, { text, written, unit }: SpanItem, issues: IssueList): AnnotatedDocument {
  const [usual, other] = unit === 'code points' ? pythonFirst : browserFirst;
  const offsets = fittingOffsets(text, written, [usual, other, byteOffsets]);
  return annotateDocument(id, { text, parts: [], ...placeMentions(text, offsets, written, issues) }, issues);
}
