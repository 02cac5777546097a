// Reads corpora in JSON: texts with character spans, or tokens with tags or spans, one per item.
import type { NamedFile } from '../../util/namedFile.ts';
import { IssueList, quoted } from '../corpus/issues.ts';
import { TypeNames } from '../corpus/tagScheme.ts';
import { annotateDocument } from '../documents/annotateDocument.ts';
import { fittingCounting, plausibleCountings, spansOf } from '../documents/countings.ts';
import { fileStem, type AnnotatedDocument } from '../documents/document.ts';
import { annotateSentences, documentsOfSentences } from '../documents/documentSentences.ts';
import { FileCounting, placeMentions } from '../documents/placeMentions.ts';
import { isWordCut } from '../documents/sameText.ts';
import { readTaggedMentions, type TaggedSentence } from '../rows/taggedMentions.ts';
import {
  DocumentList,
  type DocumentReading,
  isJsonRecord,
  isTexts,
  type JsonItem,
  listOf,
  readJsonItems,
  readWholeText,
  type SpanItem,
} from './documentReading.ts';
import { reportTasks } from './labelStudio.ts';
import { joinTagTypes } from './mentionTypes.ts';
import { sentencesOfItems } from './sentenceItems.ts';
import { factsOfItems, idOfItem, readSpanItem, textKeys } from './spanItem.ts';
import {
  isColumnDescription,
  isNumbered,
  itemNaming,
  linkedMentions,
  readTokenItem,
  strayAnnotations,
  tagColumnsOf,
  tagNamesIn,
  tokensOfItem,
  unreadColumn,
  type TagNames,
  type TokenLayer,
} from './tokenItem.ts';
import {
  addsMentions,
  isWithinTokens,
  placeTokenSpans,
  readSpannedTokens,
  spanColumnsOf,
  spanKeyOf,
  type SpannedTokens,
} from './tokenSpans.ts';

/** The items of a file, and what is needed to read them. */
interface ItemFile {
  readonly items: readonly JsonItem[];
  /** Documents without an id are called after it. */
  readonly stem: string;
  readonly names: TagNames;
  readonly issues: IssueList;
}

/**
 * Reads one file, together with the description of its columns if there is one; never throws. An unreadable item is an error and
 * left out. Documents without an id are named after the file and their position in it.
 */
export function readJsonl(files: readonly NamedFile[]): DocumentReading {
  const file = files.find(({ path }) => !isColumnDescription(path));
  if (file === undefined) return { documents: [], issues: [] };
  const issues = new IssueList(file.path);
  const described = files.filter(({ path }) => isColumnDescription(path));
  const names = describedNames(file.path, described, issues);
  const named = itemNaming(names);
  const written = readJsonItems(file.bytes, issues).map(({ value, line }) => ({ value: named(value), line }));
  const items = sentencesOfItems(written, issues);
  const read = readItems({ items, stem: fileStem(file.path), names, issues });
  return { documents: read, issues: [issues] };
}

/** Returns the names that the descriptions of a file's columns have for its numbers. */
function describedNames(path: string, described: readonly NamedFile[], issues: IssueList): TagNames {
  const all = described.map((one) =>
    tagNamesIn(readWholeText(one.bytes, issues) ?? '', { data: path, description: one.path }),
  );
  return {
    byColumn: new Map(all.flatMap(({ byColumn }) => [...byColumn])),
    disputed: new Map(all.flatMap(({ disputed }) => [...disputed])),
  };
}

/** Says why the numbers of a column have no names. */
function namelessReason({ disputed }: TagNames, isOfColumn: (column: string) => boolean): string {
  const [, configs] = [...disputed].find(([column]) => isOfColumn(column)) ?? [];
  return configs === undefined
    ? 'nothing says what they mean: drop the dataset_info.json of the corpus together with it.'
    : `its configurations name them differently (${configs.slice(0, 5).map(quoted).join(', ')}): expected the name of one in the path of the file.`;
}

/** Reports types that are numbers. Returns whether the file is to be left out, because its description has several names for them. */
function refusesNumbers(
  written: readonly { type: string; line: number | null }[],
  { names, issues }: ItemFile,
): boolean {
  const numbered = written.filter(({ type }) => /^\d+$/.test(type));
  if (numbered.length === 0) return false;
  const isMember = (column: string) => column.includes('.');
  const isDisputed = [...names.disputed.keys()].some(isMember);
  const listed = [...new Set(numbered.map(({ type }) => type))].slice(0, 5).join(', ');
  const message = `Types of mentions are numbers (${listed}) and ${namelessReason(names, isMember)}`;
  const line = numbered[0]?.line ?? null;
  if (isDisputed) issues.add('error', 'corpus/tag-names', line, message);
  else issues.add('warning', 'corpus/tag-names', line, `${message} Read as the names of types (first here).`);
  return isDisputed;
}

function readItems(file: ItemFile): AnnotatedDocument[] {
  const { items, issues } = file;
  const values = items.map(({ value }) => value);
  const first = values.find((value) => isJsonRecord(value) || Array.isArray(value));
  if (!isTexts(tokensOfItem(first))) return readSpanItems(file);
  const tags = tagColumnsOf(values);
  const spans = spanColumnsOf(items);
  const [column] = tags;
  const list = spans.find(({ isKnown }) => isKnown);
  // Tags that are all O give way to spans, not to what only has their key.
  const isOfSpans = list !== undefined && (column === undefined || (column.count === 0 && list.count > 0));
  const read = isOfSpans ? list : column;
  if (read !== undefined) {
    const layers = new Set([...tags, ...spans].map(({ key }) => key));
    const areTokens = !isOfSpans || countsTokens(items, read.key);
    const documents = !isOfSpans
      ? readTokenItems(file, read.key, layers)
      : areTokens
        ? readSpannedItems(file, read.key, layers)
        : readSpanItems({ ...file, items: withoutMembers(items, tags) });
    // The reader of texts warns of lists beside the mentions of a text.
    if (documents.length > 0) reportUnread(file, read, [...tags, ...(areTokens ? spans : [])]);
    return documents;
  }
  for (const { value, line } of items) {
    const [key] = spans.flatMap((layer) => (isJsonRecord(value) && layer.key in value ? layer.key : []));
    const unread = (isJsonRecord(value) ? unreadColumn(value, tokensOfItem(value) ?? []) : null) ?? key ?? null;
    if (unread === null) continue;
    const message = `The annotations under ${JSON.stringify(unread.slice(0, 40))} are in a form that is not read: expected a tag for each token, such as "B-Drug", under ner_tags, or mentions of start, end and type under entities.`; // prettier-ignore
    issues.add('error', 'corpus/unknown-annotations', line, message);
    return [];
  }
  return readTokenItems(file, null, new Set());
}

/** Warns of annotations beside those that are read, and of tags that were passed over because they are all O. */
function reportUnread({ items, issues }: ItemFile, read: TokenLayer, layers: readonly TokenLayer[]): void {
  const values = items.map(({ value }) => value);
  const others = layers.filter(({ key }) => key !== read.key);
  const lost = others.filter((layer) => layer.count > 0 && addsMentions(values, layer, read));
  const passedOver = others.filter(({ count, isByName, rank }) => count === 0 && !isByName && rank < read.rank);
  const unread = [...lost, ...(read.count > 0 ? passedOver : [])];
  if (unread.length === 0) return;
  const named = ({ key, types, count }: TokenLayer) => {
    const listed = [...types].filter((type) => type !== '').slice(0, 5).map((type) => type.slice(0, 40)); // prettier-ignore
    const what = count === 0 ? ['no tag but O'] : listed;
    return `${quoted(key)}${what.length > 0 ? ` (${what.join(', ')})` : ''}`;
  };
  const what = [read, ...unread].every(({ form }) => form === 'tags') ? 'tags' : 'annotations';
  const message = `Several columns hold ${what}: ${named(read)} is read, ${unread.map(named).join(', ')} is not.`;
  issues.add('warning', 'corpus/columns-unsure', null, message);
}

function withoutMembers(items: readonly JsonItem[], members: readonly TokenLayer[]): JsonItem[] {
  const names = new Set(members.map(({ key }) => key));
  return items.map(({ value, line }) => ({
    value: isJsonRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !names.has(key))) : value,
    line,
  }));
}

/** Whether spans count tokens: there is no text, or they do not all fall on words of it and all are within the tokens. */
function countsTokens(items: readonly JsonItem[], key: string): boolean {
  let [isOfWords, isOfTokens] = [true, true];
  const facts = factsOfItems(items.map(({ value }) => value));
  for (const { value, line } of items) {
    const text = isJsonRecord(value)
      ? textKeys.map((name) => value[name]).find((one) => typeof one === 'string')
      : null;
    if (typeof text !== 'string') return true;
    const sentence = readSpannedTokens(value, spanKeyOf(value, key), line);
    const isOnWords = (item: SpanItem | string) => typeof item !== 'string' && fallsOnWords(text, item);
    if (!readSpanItem(value, line, facts).every(isOnWords)) isOfWords = false;
    if (typeof sentence === 'string' || !isWithinTokens(sentence)) isOfTokens = false;
  }
  return !isOfWords && isOfTokens;
}

function fallsOnWords(text: string, { written, hints }: SpanItem): boolean {
  const countings = plausibleCountings(text, hints);
  const counting = fittingCounting(text, written, countings);
  return written.every(({ fragments }) => {
    const spans = spansOf(fragments, counting);
    return spans !== null && !isWordCut(text, spans);
  });
}

function readTokenItems(
  { items, stem, names, issues }: ItemFile,
  column: string | null,
  layers: ReadonlySet<string>,
): AnnotatedDocument[] {
  for (const { value, line } of items) {
    if (column === null || !isNumbered(value, column) || names.byColumn.has(column)) continue;
    const message = `The tags in ${column} are numbers and ${namelessReason(names, (one) => one === column)}`;
    issues.add('error', 'corpus/tag-names', line, message);
    return [];
  }
  const ids: string[] = [];
  const tagged: TaggedSentence[] = [];
  const used: unknown[] = [];
  items.forEach(({ value, line }, index) => {
    const tokens = tokensOfItem(value);
    const sentence =
      tokens === null || !isJsonRecord(value)
        ? 'Expected an object with tokens and their tags'
        : readTokenItem(value, tokens, column, names, line);
    const isEmpty = typeof sentence !== 'string' && sentence.tags.every(({ prefix }) => prefix === 'O');
    const fault = typeof sentence === 'string' ? sentence : isEmpty ? strayFault(value, layers) : null;
    if (fault !== null || typeof sentence === 'string') {
      issues.add('error', 'corpus/item', line, `${fault}: item ${index + 1} is left out.`);
    } else if (sentence.tokens.length > 0) {
      ids.push((isJsonRecord(value) ? idOfItem(value) : null) ?? `${stem}-${index + 1}`);
      tagged.push(sentence);
      used.push(value);
    }
  });
  const { sentences } = readTaggedMentions(tagged, issues);
  return sentences.flatMap((sentence, index) =>
    documentsOfSentences([sentence], ids[index] ?? '').map((text) =>
      annotateSentences(text, [linkedMentions(used[index], sentence.mentions)]),
    ),
  );
}

function readSpannedItems(file: ItemFile, key: string, layers: ReadonlySet<string>): AnnotatedDocument[] {
  const { items, stem, issues } = file;
  const read: { readonly id: string; readonly key: string; readonly sentence: SpannedTokens }[] = [];
  /** Keys under which spans are lists, whose ends are usually included. */
  const keysOfLists = new Set<string>();
  items.forEach(({ value, line }, index) => {
    const own = spanKeyOf(value, key);
    const sentence = readSpannedTokens(value, own, line);
    const record = isJsonRecord(value) ? value : {};
    const fault =
      typeof sentence === 'string' ? sentence : sentence.mentions.length > 0 ? null : strayFault(value, layers);
    if (fault !== null || typeof sentence === 'string') {
      issues.add('error', 'corpus/item', line, `${fault}: item ${index + 1} is left out.`);
    } else if (sentence.tokens.length > 0) {
      const isList = (one: unknown) => Array.isArray(one) || (isJsonRecord(one) && 'index' in one);
      if (listOf(record[own]).some(isList)) keysOfLists.add(own);
      read.push({ id: idOfItem(record) ?? `${stem}-${index + 1}`, key: own, sentence });
    }
  });
  if (refusesNumbers(read.flatMap(({ sentence: { mentions, line } }) => mentions.map(({ type }) => ({ type, line }))), file)) return []; // prettier-ignore
  const types = new TypeNames();
  const placed = new Map<SpannedTokens, ReturnType<typeof placeTokenSpans>[number]>();
  for (const one of new Set(read.map((item) => item.key))) {
    const sentences = read.flatMap((item) => (item.key === one ? item.sentence : []));
    const flat = placeTokenSpans(sentences, keysOfLists.has(one), types, issues);
    sentences.forEach((sentence, index) => placed.set(sentence, flat[index] ?? { tokens: [], mentions: [] }));
  }
  types.report(issues);
  return read.flatMap(({ id, sentence }) => {
    const flat = placed.get(sentence) ?? { tokens: [], mentions: [] };
    return documentsOfSentences([flat], id).map((text) => annotateSentences(text, [flat.mentions]));
  });
}

/** Says which member of an item without mentions looks like annotations and is not read; null if there is none. */
function strayFault(value: unknown, layers: ReadonlySet<string>): string | null {
  const stray = isJsonRecord(value) ? strayAnnotations(value, tokensOfItem(value) ?? [], layers) : null;
  return stray === null
    ? null
    : `Expected annotations as in the other items, got ${quoted(stray)} in a form that is not read`;
}

function readSpanItems(file: ItemFile): AnnotatedDocument[] {
  const { items, stem, issues } = file;
  const documents = new DocumentList();
  const facts = factsOfItems(items.map(({ value }) => value));
  const types = new TypeNames();
  const counts = { rejected: 0, further: 0, unlabelled: 0, unplaced: 0, html: 0 };
  /** Keys of further mentions, with the first line of each. */
  const unread = new Map<string, number | null>();
  const counting = new FileCounting();
  const texts = items.flatMap(({ value, line }, at) => readSpanItem(value, line, facts).map((item) => ({ item, at, line }))); // prettier-ignore
  const read = joinTagTypes(
    texts.map(({ item }) => item),
    issues,
  );
  const written = read.flatMap((item) => (typeof item === 'string' ? [] : item.written));
  if (refusesNumbers(written, file)) return [];
  for (const item of read) {
    if (typeof item === 'string' || item.isRejected) continue;
    counting.add(item.text, item.written, item.hints);
  }
  read.forEach((item, index) => {
    const { at = index, line = null } = texts[index] ?? {};
    if (typeof item === 'string') {
      issues.add('error', 'corpus/item', line, `Expected ${item}: item ${at + 1} is left out.`);
    } else if (item.isRejected) {
      counts.rejected++;
    } else {
      counts.further += item.further ?? 0;
      counts.unlabelled += item.unlabelled ?? 0;
      counts.unplaced += item.unplaced ?? 0;
      if (item.isHtml === true) counts.html++;
      if (typeof item.unread === 'string') unread.set(item.unread, unread.get(item.unread) ?? line);
      const part = item.part === undefined ? '' : `-${item.part}`;
      const document = placedDocument(`${item.id ?? `${stem}-${at + 1}`}${part}`, item, counting, types, issues);
      documents.add(document);
    }
  });
  const count = (number: number, code: string, what: string) => {
    if (number > 0) issues.add('info', `corpus/${code}`, null, `${number} ${what}`);
  };
  counting.report(issues);
  facts.types.report(issues);
  reportTasks(facts.tasks, issues);
  if (counts.unplaced > 0) {
    const message = `${counts.unplaced} regions are left out: nothing says which of the texts of their task they are in.`;
    issues.add('warning', 'corpus/unplaced-regions', null, message);
  }
  for (const [key, line] of unread) {
    const message = `The mentions under ${JSON.stringify(key.slice(0, 40))} are not read, only those under another key (first here).`;
    issues.add('warning', 'corpus/further-mentions', line, message);
  }
  count(counts.rejected, 'rejected', 'items were rejected or skipped by a person: left out.');
  count(counts.further, 'further-annotations', 'further annotations of the same tasks are not read: the ground truth, or else the first one, is.'); // prettier-ignore
  count(counts.unlabelled, 'unlabelled', 'regions without a label are left out.');
  count(counts.html, 'html', 'texts are HTML (hypertext): read without tags, with mentions by their global offsets.');
  documents.report(issues);
  types.report(issues);
  return documents.documents;
}

function placedDocument(
  id: string,
  { text, written, hints }: SpanItem,
  counting: FileCounting,
  types: TypeNames,
  issues: IssueList,
): AnnotatedDocument {
  const countings = counting.countingsOf(text, written, plausibleCountings(text, hints));
  const placed = placeMentions(text, countings, written, types, issues);
  return annotateDocument(id, { text, parts: [], ...placed }, issues);
}
