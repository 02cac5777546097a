// Reads BioC, as XML and as JSON.
import { SaxesParser } from 'saxes';
import type { NamedFile } from '../../util/namedFile.ts';
import type { MentionLink } from '../corpus/corpus.ts';
import { IssueList } from '../corpus/issues.ts';
import { TypeNames } from '../corpus/tagScheme.ts';
import { annotateDocument, codePointOffsets } from '../documents/annotateDocument.ts';
import { plausibleCountings, ranked, shiftedCounting, type WrittenMention } from '../documents/countings.ts';
import type { AnnotatedDocument, CorpusDocument, Span } from '../documents/document.ts';
import { placeMentions } from '../documents/placeMentions.ts';
import { decodeXml } from '../rows/decodeText.ts';
import {
  DocumentList,
  type DocumentReading,
  isJsonRecord,
  type JsonRecord,
  linkOf,
  listOf,
  numberOf,
  readJsonItems,
  spelled,
  withInfon,
} from './documentReading.ts';

/** A stretch of text and its offset in the document, in the unit its tool counts. */
interface BiocText {
  readonly offset: number;
  readonly text: string;
}

interface BiocPassage {
  readonly offset: number;
  /** Null if the text is in the sentences. */
  readonly text: string | null;
  readonly sentences: readonly BiocText[];
  /** Of the passage and its sentences; offsets are relative to the document. */
  readonly annotations: readonly WrittenMention[];
}

interface BiocDocument {
  readonly id: string;
  readonly passages: readonly BiocPassage[];
  /** Of the document itself, beside its passages. */
  readonly annotations: readonly WrittenMention[];
}

/** Gives each annotation of the document to the last passage that begins at its offset or before. */
function withOwnAnnotations({ passages, annotations }: BiocDocument): readonly BiocPassage[] {
  const passageOf = ({ fragments }: WrittenMention): BiocPassage | undefined => {
    const start = Math.min(...fragments.map((fragment) => fragment.start));
    return passages.findLast(({ offset }) => offset <= start) ?? passages[0];
  };
  const owners = annotations.map(passageOf);
  return passages.map((passage) => {
    const own = annotations.filter((_, index) => owners[index] === passage);
    return own.length === 0 ? passage : { ...passage, annotations: [...passage.annotations, ...own] };
  });
}

/** Longer gaps between passages become one line feed: they come from another unit, or are meant to fill memory. */
const longestGap = 1000;

/**
 * Assembles the document, with passages at their offsets and gaps filled by a line feed and spaces. BioC's specification counts bytes, its tools characters,
 * and some from the start of the passage: the unit that explains most annotation texts of a passage is used, code points first.
 */
function documentOfBioc(document: BiocDocument, types: TypeNames, issues: IssueList): AnnotatedDocument {
  const { text, placed } = layOut(withOwnAnnotations(document));
  const parts: number[] = [];
  const mentions: CorpusDocument['mentions'][number][] = [];
  const faults: Span[] = [];
  for (const { passage, starts, start, end } of placed) {
    for (const begin of starts) parts.push(begin);
    const inner = text.slice(start, end);
    const first = passage.text === null ? (passage.sentences[0]?.offset ?? passage.offset) : passage.offset;
    const ofPassage = plausibleCountings(inner);
    const countings = ranked(
      [first, 0].flatMap((by, index) =>
        ofPassage.map(({ rank, ...counting }) =>
          shiftedCounting({ ...counting, rank: index > 0 && rank === 0 ? 1 : rank }, by, start),
        ),
      ),
    );
    const found = placeMentions(text, countings, passage.annotations, types, issues);
    for (const mention of found.mentions) mentions.push(mention);
    for (const fault of found.faults) faults.push(fault);
  }
  return annotateDocument(document.id, { text, parts, mentions, faults }, issues);
}

interface PlacedPassage extends Span {
  readonly passage: BiocPassage;
  /** Offsets in the text where the passage and its sentences begin. */
  readonly starts: readonly number[];
}

function layOut(passages: readonly BiocPassage[]): {
  readonly text: string;
  readonly placed: readonly PlacedPassage[];
} {
  const pieces: string[] = [];
  let length = 0;
  /** The offset at which the next stretch would follow without a gap. */
  let next: number | null = null;
  const placed = passages.map((passage): PlacedPassage => {
    const stretches: readonly BiocText[] =
      passage.text === null ? passage.sentences : [{ offset: passage.offset, text: passage.text }];
    const starts = stretches.map(({ offset, text }) => {
      const gap = next === null ? '' : gapOf(offset - next);
      pieces.push(gap, text);
      const start = length + gap.length;
      length = start + text.length;
      next = offset + countOf(text);
      return start;
    });
    const inside = passage.text === null ? [] : sentenceStarts(passage, starts[0] ?? 0);
    return { passage, starts: [...starts, ...inside], start: starts[0] ?? length, end: length };
  });
  return { text: pieces.join(''), placed };
}

function gapOf(size: number): string {
  return size >= 0 && size <= longestGap ? `${size > 0 ? '\n' : ''}${' '.repeat(Math.max(0, size - 1))}` : '\n';
}

/** Finds where sentences begin that are given in addition to the text of their passage. */
function sentenceStarts({ offset, text, sentences }: BiocPassage, start: number): number[] {
  const offsetsOf = codePointOffsets(text ?? '');
  return sentences.flatMap((sentence) => {
    const unit = offsetsOf(sentence.offset - offset);
    return unit === null || !(text ?? '').startsWith(sentence.text, unit) ? [] : [start + unit];
  });
}

function countOf(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** An open element, with the contents read so far. */
interface Frame {
  readonly name: string;
  readonly line: number;
  readonly key: string;
  text: string;
  id: string;
  offset: number;
  content: string | null;
  type: string;
  link: MentionLink | null;
  readonly places: Span[];
  readonly annotations: WrittenMention[];
  readonly sentences: BiocText[];
  readonly passages: BiocPassage[];
}

/** Names of infons that hold the type of an annotation, the most common first. */
const typeKeys = ['type', 'class', 'label', 'semtype'];

/**
 * Reads one file; never throws. Element names are matched without their namespace; document types are skipped and their entities unknown, so nothing is
 * fetched or expanded. Reading stops with an error where the XML is not well-formed: the documents before it are used.
 */
export function readBiocXml({ path, bytes }: NamedFile): DocumentReading {
  const issues = new IssueList(path);
  const documents = new DocumentList();
  const types = new TypeNames();
  const xml = decodeXml(bytes, issues);
  if (xml === null) return { documents: [], issues: [issues] };
  const parser = new SaxesParser<{ readonly xmlns: false }>({ xmlns: false });
  const open: Frame[] = [];
  let unplaced = 0;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const local = name.slice(name.indexOf(':') + 1);
    open.push(newFrame(local, parser.line, attributes));
  });
  const addText = (text: string) => {
    const frame = open.at(-1);
    if (frame !== undefined) frame.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const frame = open.pop();
    const parent = open.at(-1);
    if (frame?.name === 'document') {
      const { id, passages, annotations } = frame;
      const document = documentOfBioc(
        { id: id || `${documents.documents.length + 1}`, passages, annotations },
        types,
        issues,
      );
      documents.add(document);
    } else if (frame?.name === 'annotation' && frame.places.length === 0) {
      unplaced++;
    } else if (frame !== undefined && parent !== undefined) {
      close(frame, parent);
    }
  });
  try {
    parser.write(xml).close();
  } catch (error) {
    const what = error instanceof Error ? error.message.replace(/^\d+:\d+: /, '') : String(error);
    issues.add('error', 'corpus/xml', parser.line, `Not well-formed XML: ${what} What follows is left out.`);
  }
  reportUnplaced(unplaced, issues);
  types.report(issues);
  documents.report(issues);
  return { documents: documents.documents, issues: [issues] };
}

function reportUnplaced(count: number, issues: IssueList): void {
  if (count === 0) return;
  const message = `${count} annotations say no place in the text and are passed over.`;
  issues.add('info', 'corpus/no-place', null, message);
}

function newFrame(name: string, line: number, attributes: Readonly<Record<string, string>>): Frame {
  const index = Number(attributes.offset);
  return {
    name,
    line,
    key: attributes.key ?? '',
    text: '',
    id: '',
    offset: 0,
    content: null,
    type: '',
    link: null,
    places: name === 'location' ? [{ start: index, end: index + Number(attributes.length) }] : [],
    annotations: [],
    sentences: [],
    passages: [],
  };
}

/** Passes an element's contents to its parent. */
function close(frame: Frame, parent: Frame): void {
  switch (frame.name) {
    case 'id':
      parent.id = frame.text.trim();
      break;
    case 'offset':
      parent.offset = Number(frame.text);
      break;
    case 'text':
      parent.content = frame.text;
      break;
    case 'infon': {
      const rank = typeKeys.indexOf(frame.key.toLowerCase());
      if (rank === 0 || (rank > 0 && parent.type === '')) parent.type = frame.text;
      parent.link = withInfon(parent.link, frame.key, frame.text);
      break;
    }
    case 'location':
      for (const place of frame.places) parent.places.push(place);
      break;
    case 'annotation': {
      const { type, places, content, line, link } = frame;
      parent.annotations.push({ type, fragments: places, text: content, line, ...linkOf(link) });
      break;
    }
    case 'sentence':
      parent.sentences.push({ offset: frame.offset, text: frame.content ?? '' });
      for (const annotation of frame.annotations) parent.annotations.push(annotation);
      break;
    case 'passage': {
      const { offset, content, sentences, annotations } = frame;
      parent.passages.push({
        offset,
        text: sentences.length > 0 && !content ? null : (content ?? ''),
        sentences,
        annotations,
      });
      break;
    }
  }
}

/** Reads one file; never throws. A document that is not valid BioC is an error and left out. */
export function readBiocJson(file: NamedFile): DocumentReading {
  const issues = new IssueList(file.path);
  const documents = new DocumentList();
  const types = new TypeNames();
  let unplaced = 0;
  const annotationsIn = (owner: JsonRecord, line: number | null): readonly WrittenMention[] =>
    listOf(owner.annotations).flatMap((value) => {
      const annotation = annotationOf(value, line);
      if (annotation === null) unplaced++;
      return annotation ?? [];
    });
  for (const { value, line } of readJsonItems(file.bytes, issues)) {
    for (const one of documentsIn(value)) {
      const id = spelled(one.id) ?? spelled(one._id) ?? `${documents.documents.length + 1}`;
      const passages = listOf(one.passages).map((passage) => passageOf(passage, (owner) => annotationsIn(owner, line)));
      const whole = passages.flatMap((passage) => passage ?? []);
      if (passages.length === 0 || whole.length < passages.length) {
        const message = `Expected passages with offset, text and annotations in document ${id}: it is left out.`;
        issues.add('error', 'corpus/bioc', line, message);
        continue;
      }
      const annotations = annotationsIn(one, line);
      const document = documentOfBioc({ id, passages: whole, annotations }, types, issues);
      documents.add(document);
    }
  }
  reportUnplaced(unplaced, issues);
  types.report(issues);
  documents.report(issues);
  return { documents: documents.documents, issues: [issues] };
}

/** A collection has `documents`; PubTator calls the list PubTator3. */
function documentsIn(value: unknown): readonly JsonRecord[] {
  if (!isJsonRecord(value)) return [{}];
  const list = value.documents ?? value.PubTator3;
  return Array.isArray(list) ? list.map((one: unknown) => (isJsonRecord(one) ? one : {})) : [value];
}

function passageOf(
  value: unknown,
  annotationsIn: (owner: JsonRecord) => readonly WrittenMention[],
): BiocPassage | null {
  const stretch = textOf(value);
  if (stretch === null || !isJsonRecord(value)) return null;
  const sentences = listOf(value.sentences);
  const texts = sentences.flatMap((sentence) => textOf(sentence) ?? []);
  const annotations = [value, ...sentences].flatMap((one) => (isJsonRecord(one) ? annotationsIn(one) : []));
  const text = texts.length > 0 && stretch.text === '' ? null : stretch.text;
  return { offset: stretch.offset, text, sentences: texts, annotations };
}

function textOf(value: unknown): BiocText | null {
  if (!isJsonRecord(value)) return null;
  const { offset, text = '' } = value;
  return typeof offset !== 'number' || typeof text !== 'string' ? null : { offset, text };
}

/** Null without a place: those are statements about the whole document. */
function annotationOf(value: unknown, line: number | null): WrittenMention | null {
  if (!isJsonRecord(value)) return null;
  const places = value.locations ?? value.location;
  const fragments = (isJsonRecord(places) ? [places] : listOf(places)).flatMap((location) => {
    if (!isJsonRecord(location)) return [];
    const start = numberOf(location.offset);
    return { start, end: start + numberOf(location.length) };
  });
  if (fragments.length === 0) return null;
  const infons = isJsonRecord(value.infons) ? value.infons : {};
  const type = spelled(infons.type) ?? spelled(infons.class) ?? spelled(infons.label) ?? '';
  const link = Object.entries(infons).reduce<MentionLink | null>((sofar, [key, one]) => withInfon(sofar, key, spelled(one) ?? ''), null); // prettier-ignore
  return { type, fragments, text: typeof value.text === 'string' ? value.text : null, line, ...linkOf(link) };
}
