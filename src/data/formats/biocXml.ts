// Reads BioC XML without building a tree: one document after the other.
import { SaxesParser } from 'saxes';
import type { AnnotatedDocument } from '../annotatedDocument.ts';
import type { Span } from '../corpusDocument.ts';
import { IssueList } from '../issueList.ts';
import type { WrittenMention } from '../placeMentions.ts';
import { documentOfBioc, type BiocPassage, type BiocText } from './bioc.ts';
import type { DocumentReading } from './documentReading.ts';
import { decodeXml } from './decodeXml.ts';
import type { NamedFile } from './namedFile.ts';

/** An element that is open, with what has come of it. */
interface Frame {
  readonly name: string;
  readonly line: number;
  readonly key: string;
  text: string;
  id: string;
  offset: number;
  content: string | null;
  type: string;
  readonly places: Span[];
  readonly annotations: WrittenMention[];
  readonly sentences: BiocText[];
  readonly passages: BiocPassage[];
}

/** Names of infons that hold the type of an annotation, the usual one first. */
const typeKeys = ['type', 'class', 'label', 'semtype'];

/**
 * Reads one file; never throws. Names of elements count without their namespace, document types are passed over and entities
 * of theirs unknown, so that nothing is fetched or unfolded. What is not well-formed ends the reading with an error: the
 * documents before it are kept.
 */
export function readBiocXml({ path, bytes }: NamedFile): DocumentReading {
  const issues = new IssueList(path);
  const documents: AnnotatedDocument[] = [];
  const xml = decodeXml(bytes, issues);
  if (xml === null) return { documents, issues: [issues] };
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
      const document = documentOfBioc({ id: frame.id || `${documents.length + 1}`, passages: frame.passages }, issues);
      if (document.sentences.length > 0) documents.push(document);
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
  if (unplaced > 0) {
    const message = `${unplaced} annotations say no place in the text and are passed over.`;
    issues.add('info', 'corpus/no-place', null, message);
  }
  return { documents, issues: [issues] };
}

function newFrame(name: string, line: number, attributes: Readonly<Record<string, string>>): Frame {
  const place = Number(attributes.offset);
  return {
    name,
    line,
    key: attributes.key ?? '',
    text: '',
    id: '',
    offset: 0,
    content: null,
    type: '',
    places: name === 'location' ? [{ start: place, end: place + Number(attributes.length) }] : [],
    annotations: [],
    sentences: [],
    passages: [],
  };
}

/** Hands what an element holds to the one around it. */
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
      break;
    }
    case 'location':
      for (const place of frame.places) parent.places.push(place);
      break;
    case 'annotation': {
      const { type, places, content, line } = frame;
      parent.annotations.push({ type, fragments: places, text: content, line });
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
