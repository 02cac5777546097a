// Assembles corpora from the files a user dropped.
import type { NamedFile } from '../../util/namedFile.ts';
import {
  describeSentences,
  SPLITS,
  type ColumnChoice,
  type ColumnSurvey,
  type CorpusDescription,
  type CorpusSentences,
  type CorpusSource,
  type Split,
} from '../corpus/corpus.ts';
import { IssueList, mergeIssues, type Issue } from '../corpus/issues.ts';
import { uniqueIds, type CorpusTexts, type SplitDocument } from '../documents/document.ts';
import { documentsOfSentences, sentencesOfDocument } from '../documents/documentSentences.ts';
import { surveyRows, type RowSurvey } from '../rows/columnSurvey.ts';
import { readConll } from '../rows/conll.ts';
import { headOfFile, openRowFile } from '../rows/rowFile.ts';
import { CorpusBudget, remarkDoubts, tooLarge } from './corpusChecks.ts';
import {
  corpusParts,
  drawDevel,
  drawSplits,
  groupCorpusFiles,
  type CorpusFileGroup,
  type CorpusPart,
} from './groupCorpusFiles.ts';
import { joinSources } from './movedSources.ts';
import { readDocumentPart } from './readDocuments.ts';

interface PartReading {
  /** In file order, without documents that have no usable sentence. */
  readonly documents: readonly SplitDocument[];
  /** One list for each file read. */
  readonly issues: readonly IssueList[];
  /** Whether devel may be drawn from the documents; a CoNLL file is a single document. */
  readonly isDrawable: boolean;
  /** How many layers of nested annotation there are, at least one. */
  readonly layerCount: number;
  /** Describes `documents` of this part, all or some, for the corpus record. */
  readonly sourceOf: (file: string, split: Split, documents: readonly SplitDocument[]) => CorpusSource;
}

/** The layout of the rows of a corpus; of nested annotation that is read layer by layer, the index of one. */
interface RowsToRead {
  readonly layout: RowSurvey['layout'];
  readonly layerIndex: number;
}

/** Never throws, whatever the files contain. */
function readCorpusPart(part: CorpusPart, { layout: ofCorpus, layerIndex }: RowsToRead): PartReading {
  const { format, files, path } = part;
  const sizeBytes = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if (format === 'CoNLL') {
    // Without a layout for the corpus, each file has a fault that it shows when read alone.
    const options = 'code' in ofCorpus ? null : { layout: ofCorpus, layerIndex };
    const reading = readConll(files[0]?.bytes ?? new Uint8Array(), path, options);
    const { sentences, layout, issues, layerCount } = reading;
    const { scheme = 'none', separator = 'tab', tokenColumn = 0, tagColumn = 0 } = layout ?? {};
    return {
      documents: sentences.length === 0 ? [] : [{ id: path, sentences, text: null }],
      issues: [issues],
      isDrawable: false,
      layerCount,
      sourceOf: (file, split, documents) => {
        const layoutOfFile = { scheme, separator, tokenColumn, tagColumn };
        return { file, split, ...layoutOfFile, sentences: countSentences(documents), sizeBytes };
      },
    };
  }
  const { documents, issues } = readDocumentPart({ ...part, format });
  const empty = new IssueList(path);
  if (documents.length === 0 && issues.every(({ count }) => count === 0)) {
    empty.add('error', 'corpus/empty', null, 'No usable sentence.');
  } else if (documents.length > 0 && !hasErrors(issues) && documents.every(({ mentions }) => mentions.length === 0)) {
    empty.add('info', 'corpus/no-mention', null, `There is not one mention in its ${documents.length} documents.`);
  }
  return {
    documents: documents.map((document) => ({
      id: document.id,
      sentences: sentencesOfDocument(document),
      text: { id: document.id, text: document.text, sentences: document.sentences },
    })),
    issues: [...issues, empty],
    isDrawable: true,
    layerCount: 1,
    sourceOf: (file, split, some) => ({
      file,
      split,
      format,
      documents: some.length,
      sentences: countSentences(some),
      sizeBytes,
    }),
  };
}

function hasErrors(lists: readonly IssueList[]): boolean {
  return lists.some(({ listed }) => listed.some(({ severity }) => severity === 'error'));
}

function countSentences(documents: readonly SplitDocument[]): number {
  return documents.reduce((sum, { sentences }) => sum + sentences.length, 0);
}

/** A corpus with everything in its record except how and when it was imported. */
export interface AssembledCorpus extends CorpusDescription {
  readonly name: string;
  /** What the files share: the key of a choice of columns. Layers of one annotation have the same. */
  readonly group: string;
  /** What was found in the columns of rows; null for other formats. */
  readonly survey: ColumnSurvey | null;
  readonly sentences: CorpusSentences;
  /** Null if all sources are rows of tokens. The ids of documents are unique in the corpus. */
  readonly texts: CorpusTexts | null;
  /** In order of split, then path; the sentences of a split are in this order. */
  readonly sources: CorpusSource[];
  /** At most 1000, errors first; `issueCount` is the full number. */
  readonly issues: Issue[];
  readonly issueCount: number;
}

/** Files that look like a corpus but hold no usable sentence. */
export interface RefusedCorpus {
  readonly name: string;
  /** As in an assembled corpus. */
  readonly group: string;
  /** As in an assembled corpus; not null if a choice of columns may mend it. */
  readonly survey: ColumnSurvey | null;
  readonly issues: Issue[];
  readonly issueCount: number;
}

interface Assembly {
  readonly corpora: AssembledCorpus[];
  readonly refused: RefusedCorpus[];
  /** One info for each file that is not part of a corpus, such as a README. */
  readonly ignored: Issue[];
}

/**
 * Assembles corpora from files grouped by `corpusParts`. A file whose name states no split becomes train, with a warning, if there
 * is no train; otherwise it is left out. Without devel, documents contribute some to it, and such a file of rows is divided. `choices` are those of a person, by the
 * `group` of the corpus. Never throws, whatever the files contain.
 */
export function assembleCorpora(
  files: readonly NamedFile[],
  choices: ReadonlyMap<string, ColumnChoice> = new Map(),
): Assembly {
  const { parts, ignored } = corpusParts(files);
  const byPath = new Map(parts.map((part) => [part.path, part]));
  const corpora: AssembledCorpus[] = [];
  const refused: RefusedCorpus[] = [];
  for (const files of groupCorpusFiles([...byPath.keys()])) {
    const group = files.name ?? files.files[0]?.path ?? 'corpus';
    const choice = choices.get(group) ?? null;
    let layers = 1;
    for (let layerIndex = 0; layerIndex < layers; layerIndex++) {
      const { layerCount, sentences, texts, sources, issues, issueCount, survey, isMendable } = readGroup(files, byPath, { choice, layerIndex }); // prettier-ignore
      if (sources.length === 0) {
        refused.push({ name: group, group, survey: isMendable ? survey : null, issues, issueCount });
        break;
      }
      if (choice?.layer === 'each') layers = layerCount;
      const description = describeSentences(sentences);
      const name = files.name ?? `corpus ${description.fingerprint.slice(0, 6)}`;
      const layerName = layers > 1 ? `${name} layer ${layerIndex + 1}` : name;
      corpora.push({ name: layerName, group, survey, sentences, texts, sources, issues, issueCount, ...description });
    }
  }
  const noCorpus = { severity: 'info', code: 'corpus/ignored', line: null, message: 'No corpus file.' } as const;
  return { corpora, refused, ignored: ignored.map((file) => ({ ...noCorpus, file })) };
}

interface SourceReading {
  readonly source: CorpusSource;
  readonly documents: readonly SplitDocument[];
}

/** A part with a known split. */
interface PlacedPart {
  readonly path: string;
  readonly split: Split;
  /** Whether the name says the split. */
  readonly isNamed: boolean;
  readonly reading: PartReading;
}

interface RowsChosen {
  readonly choice: ColumnChoice | null;
  readonly layerIndex: number;
}

function readGroup(group: CorpusFileGroup, parts: ReadonlyMap<string, CorpusPart>, chosen: RowsChosen) {
  const hasSplit = (wanted: Split) => group.files.some(({ split }) => split === wanted);
  const lists: IssueList[] = [];
  const placed: PlacedPart[] = [];
  const budget = new CorpusBudget();
  const used: { readonly part: CorpusPart; readonly split: Split | null }[] = [];
  for (const { path, split } of group.files) {
    const part = parts.get(path);
    if (part === undefined) continue;
    if (split !== null || !hasSplit('train')) {
      used.push({ part, split });
      continue;
    }
    const issues = new IssueList(path);
    const message = 'The name says no split (train, devel or test) and there is a train file already: left out.';
    issues.add('error', 'corpus/split', null, message);
    lists.push(issues);
  }
  const rows = surveyParts(used.map(({ part }) => part), chosen.choice, lists); // prettier-ignore
  for (const { part, split } of rows.isRefused ? [] : used) {
    const { path } = part;
    const large = tooLarge(part);
    if (large !== null) {
      lists.push(large);
      continue;
    }
    const reading = readCorpusPart(part, { layout: rows.layout, layerIndex: chosen.layerIndex });
    lists.push(...reading.issues);
    if (reading.documents.length === 0) continue;
    const refusal = budget.refuse(part, countSentences(reading.documents));
    if (refusal !== null) {
      lists.push(refusal);
      continue;
    }
    placed.push({ path, split: split ?? 'train', isNamed: split !== null, reading });
  }
  remarkDoubts(
    placed.map(({ path, split, reading }) => {
      return { path, split, documents: reading.documents, files: parts.get(path)?.files ?? [] };
    }),
    lists,
  );
  const divided = hasSplit('devel') ? placed.map((part) => wholeSource(part)) : withDrawnDevel(placed, lists);
  const lacks = { devel: !hasSplit('devel'), test: !hasSplit('test') };
  const readings = divided.flatMap((reading) => withDrawnSplits(reading, placed, lacks, lists));
  const rank = (reading: SourceReading) => SPLITS.indexOf(reading.source.split);
  readings.sort((left, right) => rank(left) - rank(right));
  const sources = readings.map((reading) => reading.source);
  const slices = readings.map(({ documents }) => documents.flatMap(({ sentences }) => sentences));
  return {
    survey: rows.survey,
    isMendable: rows.isRefused,
    layerCount: Math.max(1, ...placed.map(({ reading }) => reading.layerCount)),
    sources,
    sentences: joinSources(sources, slices),
    texts: textsOf(readings),
    issues: mergeIssues(lists.map((list) => list.listed)),
    issueCount: lists.reduce((sum, list) => sum + list.count, 0),
  };
}

/** Surveys the files of rows among the parts of a corpus. What makes a choice unsure is a warning, unless a person made it. */
function surveyParts(
  parts: readonly CorpusPart[],
  choice: ColumnChoice | null,
  lists: IssueList[],
): RowSurvey & { readonly isRefused: boolean } {
  const opened = parts.flatMap(({ format, path, files }) => {
    const bytes = files[0]?.bytes;
    // Reading the file lists what is wrong with it.
    const file = format === 'CoNLL' && bytes !== undefined ? openRowFile(headOfFile(bytes), path) : null;
    return file === null ? [] : [file];
  });
  const rows = surveyRows(opened, choice);
  const { layout, survey } = rows;
  const issues = new IssueList('code' in layout ? (opened[0]?.file ?? '') : layout.file);
  lists.push(issues);
  const isRefused = 'code' in layout && survey !== null;
  if (isRefused) issues.add('error', layout.code, layout.line, layout.message);
  else if (!('code' in layout) && !layout.isChosen) {
    for (const doubt of survey?.doubts ?? []) issues.add('warning', 'corpus/columns-unsure', null, doubt);
  }
  return { ...rows, isRefused };
}

/** Returns the texts of all documents; rows of tokens mixed with documents become a text too, so that all sentences have one. */
function textsOf(readings: readonly SourceReading[]): CorpusTexts | null {
  const documents = readings.flatMap((reading) => reading.documents);
  if (documents.every(({ text }) => text === null)) return null;
  const texts = documents.flatMap(({ id, text, sentences }) => text ?? documentsOfSentences(sentences, id));
  const unique = uniqueIds(texts);
  let used = 0;
  const slices = readings.map((reading) => unique.slice(used, (used += reading.documents.length)));
  return joinSources(
    readings.map(({ source }) => source),
    slices,
  );
}

function wholeSource({ path, split, reading }: PlacedPart, documents = reading.documents, file = path): SourceReading {
  return { source: reading.sourceOf(file, split, documents), documents };
}

/**
 * Returns the sources of rows whose name says no split: divided sentence by sentence where the corpus has no devel, else all for train. Of
 * documents, devel is drawn as a whole.
 */
function withDrawnSplits(
  reading: SourceReading,
  placed: readonly PlacedPart[],
  lacks: Readonly<Record<'devel' | 'test', boolean>>,
  lists: IssueList[],
): readonly SourceReading[] {
  const part = placed.find(({ path }) => path === reading.source.file);
  if (part === undefined || part.isNamed) return [reading];
  const issues = new IssueList(part.path);
  lists.push(issues);
  const unnamed = 'The name says no split (train, devel or test)';
  const [rows] = reading.documents;
  const isOfRows = !part.reading.isDrawable && rows !== undefined && reading.documents.length === 1;
  const drawn = lacks.devel && isOfRows ? drawSplits(rows.sentences.length, lacks.test) : null;
  if (rows === undefined || drawn === null) {
    issues.add('warning', 'corpus/split', null, `${unnamed}: taken for train.`);
    return [reading];
  }
  const sources = SPLITS.flatMap((split): SourceReading[] => {
    const sentences = rows.sentences.filter((_, index) => drawn[index] === split);
    if (sentences.length === 0) return [];
    const file = split === 'train' ? part.path : `${part.path} (drawn for ${split})`;
    return [wholeSource({ ...part, split }, [{ ...rows, sentences }], file)];
  });
  const shares = sources.map(({ source, documents }) => `${countSentences(documents)} for ${source.split}`).join(', ');
  issues.add(
    'warning',
    'corpus/split',
    null,
    `${unnamed}: divided sentence by sentence, with a fixed seed: ${shares}.`,
  );
  return sources;
}

/** Returns the sources of a corpus without devel: train documents drawn for it become a separate source. */
function withDrawnDevel(placed: readonly PlacedPart[], lists: IssueList[]): SourceReading[] {
  const isDrawable = ({ split, reading }: PlacedPart) => split === 'train' && reading.isDrawable;
  const trained = placed.filter(isDrawable).flatMap(({ reading }) => reading.documents);
  const drawn = drawDevel(new Set(trained.map(({ id }) => id)));
  return placed.flatMap((part) => {
    const { documents } = part.reading;
    const devel = isDrawable(part) ? documents.filter(({ id }) => drawn.has(id)) : [];
    if (devel.length === 0) return [wholeSource(part)];
    const issues = new IssueList(part.path);
    const share = `${devel.length} of ${documents.length} documents`;
    const message = `The corpus has no devel: ${share} are taken for it, drawn by their ids with a fixed seed.`;
    issues.add('info', 'corpus/devel-drawn', null, message);
    lists.push(issues);
    const train = documents.filter(({ id }) => !drawn.has(id));
    const ofDevel = wholeSource({ ...part, split: 'devel' }, devel, `${part.path} (drawn)`);
    return train.length === 0 ? [ofDevel] : [wholeSource(part, train), ofDevel];
  });
}
