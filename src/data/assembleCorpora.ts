// Makes corpora of the files a person dropped.
import type { CorpusSource } from './corpusSource.ts';
import type { Issue } from '../util/issue.ts';
import { SPLITS, type CorpusSentences, type Split } from './corpus.ts';
import { corpusParts, type CorpusPart } from './corpusParts.ts';
import type { CorpusTexts } from './corpusTexts.ts';
import { describeSentences, type CorpusDescription } from './describeSentences.ts';
import { documentsOfSentences } from './documentsOfSentences.ts';
import { drawDevel } from './drawDevel.ts';
import type { NamedFile } from './formats/namedFile.ts';
import { groupCorpusFiles, type CorpusFileGroup } from './groupCorpusFiles.ts';
import { IssueList, mergeIssues } from './issueList.ts';
import { joinSources } from './moveSource.ts';
import { readCorpusPart, type PartReading } from './readCorpusPart.ts';
import type { SplitDocument } from './splitDocument.ts';
import { uniqueIds } from './uniqueIds.ts';

/** A corpus with everything that its record says but how and when it came to the lab. */
export interface AssembledCorpus extends CorpusDescription {
  readonly name: string;
  readonly sentences: CorpusSentences;
  /** Null where all sources are rows of tokens. The ids of documents are unique in the corpus. */
  readonly texts: CorpusTexts | null;
  /** In order of split, then path; sentences of a split stand in this order. */
  readonly sources: CorpusSource[];
  /** At most 1000 are kept, errors first; `issueCount` is how many there were. */
  readonly issues: Issue[];
  readonly issueCount: number;
}

/** Files that look like a corpus but hold no usable sentence. */
export interface RefusedCorpus {
  readonly name: string;
  readonly issues: Issue[];
  readonly issueCount: number;
}

export interface Assembly {
  readonly corpora: AssembledCorpus[];
  readonly refused: RefusedCorpus[];
  /** One info for each file that is no corpus, such as a README. */
  readonly ignored: Issue[];
}

/**
 * Corpora out of files, grouped as groupCorpusFiles says. A file whose name says no split is taken for train, with a warning,
 * where there is no train; elsewhere it is left out. Documents that come without devel give some to it. Never throws for what the files hold.
 */
export function assembleCorpora(files: readonly NamedFile[]): Assembly {
  const { parts, ignored } = corpusParts(files);
  const byPath = new Map(parts.map((part) => [part.path, part]));
  const corpora: AssembledCorpus[] = [];
  const refused: RefusedCorpus[] = [];
  for (const group of groupCorpusFiles([...byPath.keys()])) {
    const { sentences, texts, sources, issues, issueCount } = readGroup(group, byPath);
    if (sources.length === 0) {
      refused.push({ name: group.name ?? group.files[0]?.path ?? 'corpus', issues, issueCount });
      continue;
    }
    const description = describeSentences(sentences);
    const name = group.name ?? `corpus ${description.fingerprint.slice(0, 6)}`;
    corpora.push({ name, sentences, texts, sources, issues, issueCount, ...description });
  }
  const noCorpus = { severity: 'info', code: 'corpus/ignored', line: null, message: 'No corpus file.' } as const;
  return { corpora, refused, ignored: ignored.map((file) => ({ ...noCorpus, file })) };
}

interface SourceReading {
  readonly source: CorpusSource;
  readonly documents: readonly SplitDocument[];
}

/** A part whose split is known. */
interface PlacedPart {
  readonly path: string;
  readonly split: Split;
  readonly reading: PartReading;
}

function readGroup(group: CorpusFileGroup, parts: ReadonlyMap<string, CorpusPart>) {
  const hasSplit = (wanted: Split) => group.files.some(({ split }) => split === wanted);
  const lists: IssueList[] = [];
  const placed: PlacedPart[] = [];
  for (const { path, split } of group.files) {
    const part = parts.get(path);
    if (part === undefined) continue;
    const issues = new IssueList(path);
    if (split === null && hasSplit('train')) {
      const message = 'The name says no split (train, devel or test) and there is a train file already: left out.';
      issues.add('error', 'corpus/split', null, message);
      lists.push(issues);
      continue;
    }
    const reading = readCorpusPart(part);
    for (const list of reading.issues) lists.push(list);
    lists.push(issues);
    if (reading.documents.length === 0) continue;
    if (split === null) {
      issues.add('warning', 'corpus/split', null, 'The name says no split (train, devel or test): taken for train.');
    }
    placed.push({ path, split: split ?? 'train', reading });
  }
  const readings = hasSplit('devel') ? placed.map((part) => wholeSource(part)) : withDrawnDevel(placed, lists);
  const rank = (reading: SourceReading) => SPLITS.indexOf(reading.source.split);
  readings.sort((left, right) => rank(left) - rank(right));
  const sources = readings.map((reading) => reading.source);
  const slices = readings.map(({ documents }) => documents.flatMap(({ sentences }) => sentences));
  return {
    sources,
    sentences: joinSources(sources, slices),
    texts: textsOf(readings),
    issues: mergeIssues(lists.map((list) => list.kept)),
    issueCount: lists.reduce((sum, list) => sum + list.count, 0),
  };
}

/** The texts of all documents; rows of tokens beside documents become a text too, so that all sentences have one. */
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

/** The sources of a corpus without devel: documents of train are drawn for it, and stand as a source of their own. */
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
