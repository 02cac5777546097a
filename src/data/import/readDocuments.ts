// Reads texts for a tagger from files of any format, with the mentions annotated in them.
import type { NamedFile } from '../../util/namedFile.ts';
import type { DocumentSource } from '../corpus/corpus.ts';
import { IssueList, mergeIssues, type Issue } from '../corpus/issues.ts';
import { fileStem, uniqueIds, type AnnotatedDocument } from '../documents/document.ts';
import { annotateSentences, documentOfText, documentsOfSentences } from '../documents/documentSentences.ts';
import { readBiocJson, readBiocXml } from '../formats/bioc.ts';
import { readBrat } from '../formats/brat.ts';
import { readWholeText, type DocumentReading } from '../formats/documentReading.ts';
import { readJsonl } from '../formats/jsonl.ts';
import { readPubTator } from '../formats/pubTator.ts';
import { surveyRows } from '../rows/columnSurvey.ts';
import { looksLikeTokens, readConll, readTokenRows } from '../rows/conll.ts';
import { openRowFile } from '../rows/rowFile.ts';
import { tooLarge } from './corpusChecks.ts';
import {
  corpusExtensions,
  detectFormat,
  documentNames,
  isXml,
  leadingBytes,
  looksLikeRows,
  tableExtensions,
} from './detectFormat.ts';
import { corpusParts, type CorpusPart } from './groupCorpusFiles.ts';

/** A part of any format except rows of tokens. */
interface DocumentPart extends CorpusPart {
  readonly format: DocumentSource['format'];
}

/** Never throws, whatever the files contain. */
export function readDocumentPart({ format, files }: DocumentPart): DocumentReading {
  const [file] = files;
  if (file === undefined) return { documents: [], issues: [] };
  switch (format) {
    case 'BRAT':
      return readBrat(files);
    case 'PubTator':
      return readPubTator(file);
    case 'BioC':
      return isXml(file.path, new TextDecoder().decode(file.bytes.subarray(0, 100)))
        ? readBiocXml(file)
        : readBiocJson(file);
    case 'JSONL':
    case 'Parquet':
      return readJsonl(files);
  }
}

interface DocumentsReading {
  /** Their ids are unique. Mentions have no confidence; most documents have no mentions. */
  readonly documents: readonly AnnotatedDocument[];
  /** At most 1000, errors first; `issueCount` is the full number. */
  readonly issues: readonly Issue[];
  readonly issueCount: number;
}

interface FileReading {
  readonly documents: readonly AnnotatedDocument[];
  readonly issues: readonly IssueList[];
}

/** Reads the documents of unpacked files; a plain text or a CoNLL file is one document. Never throws, whatever the files contain. */
export function readDocuments(files: readonly NamedFile[]): DocumentsReading {
  const { parts, ignored } = corpusParts(files);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const readings = parts.map((part): FileReading => {
    const { format } = part;
    const large = tooLarge(part);
    if (large !== null) return { documents: [], issues: [large] };
    return format === 'CoNLL' ? readTextFile(part.files[0]) : readDocumentPart({ ...part, format });
  });
  for (const path of ignored) readings.push(readTextFile(byPath.get(path)));
  const lists = readings.flatMap(({ issues }) => issues);
  return {
    documents: uniqueIds(readings.flatMap(({ documents }) => documents)),
    issues: mergeIssues(lists.map(({ listed: saved }) => saved)),
    issueCount: lists.reduce((sum, { count }) => sum + count, 0),
  };
}

/** Reads a file of rows or of prose, distinguished by its name and then by its first lines. */
function readTextFile(file: NamedFile | undefined): FileReading {
  if (file === undefined) return { documents: [], issues: [] };
  const { path, bytes } = file;
  if (corpusExtensions.test(path)) return readRows(file);
  if (tableExtensions.test(path) && detectFormat(path, bytes.subarray(0, leadingBytes)) === 'corpus')
    return readRows(file);
  const issues = new IssueList(path);
  const isAbout = documentNames.test(path.slice(path.lastIndexOf('/') + 1));
  if (isAbout || !/(\.(txt|text)|(^|\/)[^./]+)$/i.test(path)) {
    issues.add('info', 'corpus/ignored', null, 'No text or annotated text that is read here: left out.');
    return { documents: [], issues: [issues] };
  }
  const head = new TextDecoder().decode(bytes.subarray(0, leadingBytes));
  if (looksLikeRows(head) || looksLikeTokens(head)) return readRows(file);
  const text = readWholeText(bytes, issues);
  const document = text === null ? null : documentOfText(fileStem(path), text);
  if (document?.sentences.length === 0) issues.add('error', 'corpus/empty', null, 'The file holds no text.');
  const documents = document === null || document.sentences.length === 0 ? [] : [{ ...document, mentions: [] }];
  return { documents, issues: [issues] };
}

/** Rows of tokens, with or without a tag column. */
function readRows({ path, bytes }: NamedFile): FileReading {
  const rows = openRowFile(bytes, path);
  const layout = rows === null ? null : surveyRows([rows]).layout;
  const hasNoTags = layout !== null && 'code' in layout && layout.code !== 'corpus/empty';
  const { sentences, issues } = hasNoTags ? readTokenRows(bytes, path) : readConll(bytes, path);
  const mentions = sentences.map((sentence) => sentence.mentions);
  const documents = documentsOfSentences(sentences, fileStem(path));
  return { documents: documents.map((document) => annotateSentences(document, mentions)), issues: [issues] };
}
