// Makes corpora of the files a person dropped.
import type { CorpusSource } from '../schema/corpusRecord.ts';
import type { Issue } from '../util/issue.ts';
import { SPLITS, type CorpusSentences, type Sentence, type Split } from './corpus.ts';
import { describeSentences, type CorpusDescription } from './describeSentences.ts';
import { readConll } from './formats/conll.ts';
import { detectFormat, leadingBytes } from './formats/detectFormat.ts';
import type { NamedFile } from './formats/namedFile.ts';
import { groupCorpusFiles, type CorpusFileGroup } from './groupCorpusFiles.ts';
import { IssueList, mergeIssues } from './issueList.ts';
import { joinSources } from './moveSource.ts';

/** A corpus with everything that its record says but how and when it came to the lab. */
export interface AssembledCorpus extends CorpusDescription {
  readonly name: string;
  readonly sentences: CorpusSentences;
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
 * where there is no train; elsewhere it is left out. Never throws for what the files hold.
 */
export function assembleCorpora(files: readonly NamedFile[]): Assembly {
  const ignored: Issue[] = [];
  const contents = new Map<string, NamedFile['bytes']>();
  for (const { path, bytes } of files) {
    if (detectFormat(path, bytes.subarray(0, leadingBytes)) === 'corpus') contents.set(path, bytes);
    else ignored.push({ severity: 'info', code: 'corpus/ignored', file: path, line: null, message: 'No corpus file.' });
  }
  const corpora: AssembledCorpus[] = [];
  const refused: RefusedCorpus[] = [];
  for (const group of groupCorpusFiles([...contents.keys()])) {
    const { sentences, sources, issues, issueCount } = readGroup(group, contents);
    if (sources.length === 0) {
      refused.push({ name: group.name ?? group.files[0]?.path ?? 'corpus', issues, issueCount });
      continue;
    }
    const description = describeSentences(sentences);
    const name = group.name ?? `corpus ${description.fingerprint.slice(0, 6)}`;
    corpora.push({ name, sentences, sources, issues, issueCount, ...description });
  }
  return { corpora, refused, ignored };
}

interface SourceReading {
  readonly source: CorpusSource;
  readonly sentences: readonly Sentence[];
}

function readGroup(group: CorpusFileGroup, contents: ReadonlyMap<string, NamedFile['bytes']>) {
  const hasTrain = group.files.some((file) => file.split === 'train');
  const lists: IssueList[] = [];
  const readings: SourceReading[] = [];
  for (const { path, split } of group.files) {
    const bytes = contents.get(path) ?? new Uint8Array();
    if (split === null && hasTrain) {
      const issues = new IssueList(path);
      const message = 'The name says no split (train, devel or test) and there is a train file already: left out.';
      issues.add('error', 'corpus/split', null, message);
      lists.push(issues);
      continue;
    }
    const { sentences, layout, issues } = readConll(bytes, path);
    lists.push(issues);
    if (layout === null || sentences.length === 0) continue;
    if (split === null) {
      issues.add('warning', 'corpus/split', null, 'The name says no split (train, devel or test): taken for train.');
    }
    readings.push({ source: sourceOf(path, split ?? 'train', bytes, sentences.length, layout), sentences });
  }
  const rank = (reading: SourceReading) => SPLITS.indexOf(reading.source.split);
  readings.sort((left, right) => rank(left) - rank(right));
  const sources = readings.map((reading) => reading.source);
  return {
    sources,
    sentences: joinSources(
      sources,
      readings.map((reading) => reading.sentences),
    ),
    issues: mergeIssues(lists.map((list) => list.kept)),
    issueCount: lists.reduce((sum, list) => sum + list.count, 0),
  };
}

function sourceOf(
  file: string,
  split: Split,
  bytes: Uint8Array,
  sentences: number,
  layout: NonNullable<ReturnType<typeof readConll>['layout']>,
): CorpusSource {
  const { scheme, separator, tokenColumn, tagColumn } = layout;
  return { file, split, scheme, separator, tokenColumn, tagColumn, sentences, sizeBytes: bytes.length };
}
