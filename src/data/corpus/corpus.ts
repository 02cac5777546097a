// The types of annotated text, and of how a corpus was read: sentences and mentions, its source files and columns, its counts.
import { canonicalJson, fingerprint, runningDigest } from '../../util/digest.ts';
import { Rng } from '../../util/random.ts';

export const SPLITS = ['train', 'devel', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** What a mention means: the id of an entry of a dictionary or another resource. */
export interface MentionLink {
  /** As the file or dictionary spells it; of several ids in one field, the whole field. */
  readonly id: string;
  /** The preferred name of the entry; absent where it is not known. */
  readonly name?: string;
  /** How sure the link is, 0 to 1; absent where it is not known. */
  readonly score?: number;
}

/** A span of tokens `[start, end)` of one sentence with an entity type. Mentions are flat: none overlaps another. */
export interface Mention {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** Absent for a mention without an id. */
  readonly link?: MentionLink;
}

/** Tokens and their mentions, in order of start. Tags are made from mentions when a run needs them. */
export interface Sentence {
  readonly tokens: readonly string[];
  readonly mentions: readonly Mention[];
}

export type CorpusSentences = Readonly<Record<Split, readonly Sentence[]>>;

/** One corpus restricted to one entity type, or with all its types (`type: null`). */
export interface Task {
  readonly corpusId: string;
  readonly type: string | null;
}

export function isSameTask(left: Task, right: Task): boolean {
  return left.corpusId === right.corpusId && left.type === right.type;
}

/** Restricts sentences to a task's type: mentions of other types become plain text. */
export function restrictToType(sentences: readonly Sentence[], type: string | null): readonly Sentence[] {
  return type === null ? sentences : restrictToTypes(sentences, [type]);
}

export function restrictToTypes(sentences: readonly Sentence[], types: readonly string[]): readonly Sentence[] {
  return sentences.map(({ tokens, mentions }) => ({
    tokens,
    mentions: mentions.filter(({ type }) => types.includes(type)),
  }));
}

// The types of how a corpus was read: its source files, and the counts of its splits.

/** A CoNLL file, and how its rows were interpreted. */
export interface ConllSource {
  readonly file: string;
  readonly split: Split;
  /** The detected scheme: IOB1, IOB2, IOBES, BIOLU, IO, or `none` for a file without mentions. */
  readonly scheme: 'IOB1' | 'IOB2' | 'IOBES' | 'BIOLU' | 'IO' | 'none';
  readonly separator: 'tab' | 'space' | 'comma' | 'semicolon';
  /** 0-based columns of token and tag. */
  readonly tokenColumn: number;
  readonly tagColumn: number;
  readonly sentences: number;
  readonly sizeBytes: number;
}

/** A file that holds documents rather than rows; for BRAT, the files of one folder and split. */
export interface DocumentSource {
  /** For BRAT a pattern, such as `NCBI/train/*.ann`; documents drawn for devel have a separate name. */
  readonly file: string;
  readonly split: Split;
  readonly format: 'BRAT' | 'PubTator' | 'BioC' | 'JSONL' | 'Parquet';
  readonly documents: number;
  readonly sentences: number;
  readonly sizeBytes: number;
}

/** Sentences that a person reviewed after a tagger, or in which terms of a dictionary were marked; for the corpus they were joined with, see its sources. */
export interface ReviewSource {
  /** Name of the text. */
  readonly file: string;
  readonly split: Split;
  readonly format: 'Review' | 'Dictionary';
  readonly documents: number;
  readonly sentences: number;
  readonly sizeBytes: number;
}

/** One source of a corpus, and how it was read. */
export type CorpusSource = ConllSource | DocumentSource | ReviewSource;

export interface SplitCounts {
  readonly sentences: number;
  readonly tokens: number;
  readonly mentions: number;
  /** Tokens of the longest sentence. */
  readonly longest: number;
  readonly perType: Readonly<Record<string, number>>;
}

// The types of what a survey of the columns of a corpus found, and of the choice made among them; plain data, for a person to see and correct.

/** What a column holds. `bare types`: types without a prefix, `O` among them; `number`: row numbers, ids and offsets. */
export type ColumnRole = 'token' | 'tag' | 'bare types' | 'chunk' | 'number' | 'other';

export interface SurveyedColumn {
  /** 0-based. */
  readonly index: number;
  /** Its name in the header of the files; null without a header. */
  readonly header: string | null;
  readonly role: ColumnRole;
  /** The tag scheme of a column of tags; null for other columns. */
  readonly scheme: ConllSource['scheme'] | null;
  /** The first few types of a column of tags or bare types. */
  readonly types: readonly string[];
}

/**
 * Which layer of nested annotation is read. `only`: the tag column as it is; `outer`: of overlapping mentions the longest, `inner`:
 * the shortest; `each`: all, every layer as a separate corpus.
 */
export const TAG_LAYERS = ['only', 'outer', 'inner', 'each'] as const;
export type TagLayer = (typeof TAG_LAYERS)[number];

/** The columns that a corpus is read from. Columns are 0-based. */
export interface ColumnChoice {
  readonly tokenColumn: number;
  readonly tagColumn: number;
  readonly layer: TagLayer;
  /** The tag columns read together when `layer` is not `only`; `tagColumn` alone for several tags in a cell. */
  readonly layerColumns: readonly number[];
  /** Whether the tag column holds types without a prefix: neighbouring tokens of one type are then one mention. */
  readonly readsBareTypes: boolean;
}

/** What was found in the rows of a corpus, one layout for all its files. */
export interface ColumnSurvey {
  readonly columns: readonly SurveyedColumn[];
  /** Of the first file; others of the corpus may have another one. */
  readonly separator: ConllSource['separator'];
  /** The rows of the first three sentences, at most 40, their cells cut at 40 characters; an empty row between sentences. */
  readonly preview: readonly (readonly string[])[];
  /** The choice the corpus is read with. */
  readonly chosen: ColumnChoice;
  /** Whether a cell of the chosen columns has several tags, or columns of tags are nested in one another, so that a layer can be chosen. */
  readonly isNested: boolean;
  /** Sentences saying why a person should look at the choice; empty if nothing else is plausible. */
  readonly doubts: readonly string[];
}

/** Rows whose columns can be read in more than one way: a corpus as it was read, or files that were refused. */
export interface ColumnQuestion {
  readonly id: number;
  /** Name of the corpus by its files. */
  readonly name: string;
  /** The corpora made of the files so far; empty if they were refused. */
  readonly corpusIds: readonly string[];
  readonly survey: ColumnSurvey;
}

// Summarises a corpus: its types, counts and fingerprint.

export interface CorpusDescription {
  /** Entity types in code-unit order. */
  readonly types: string[];
  readonly counts: Record<Split, SplitCounts>;
  readonly fingerprint: string;
}

/** Everything in a corpus record that derives from the sentences alone. */
export function describeSentences(sentences: CorpusSentences): CorpusDescription {
  return { ...describedCounts(sentences), fingerprint: fingerprintOfSentences(sentences) };
}

function describedCounts(sentences: CorpusSentences): Omit<CorpusDescription, 'fingerprint'> {
  const counts = {
    train: countSentences(sentences.train),
    devel: countSentences(sentences.devel),
    test: countSentences(sentences.test),
  };
  const types = [...new Set(SPLITS.flatMap((split) => Object.keys(counts[split].perType)))].sort();
  return { types, counts };
}

/** Sentences described between two turns. */
const SENTENCES_A_TURN = 500;

/** Describes sentences as `describeSentences` does, and calls `turn` now and then, so that a page can draw meanwhile. */
export async function describeInTurns(
  sentences: CorpusSentences,
  turn: () => Promise<void>,
): Promise<CorpusDescription> {
  const digest = runningDigest('sha256', 0);
  const write = (text: string): void => digest.update(new TextEncoder().encode(text));
  for (const [index, split] of (['devel', 'test', 'train'] as const).entries()) {
    write(`${index === 0 ? '{' : ','}"${split}":[`);
    const own = sentences[split];
    for (let first = 0; first < own.length; first += SENTENCES_A_TURN) {
      const pieces = own
        .slice(first, first + SENTENCES_A_TURN)
        .map((sentence) => canonicalJson(contentOfSentence(sentence)));
      write(`${first === 0 ? '' : ','}${pieces.join(',')}`);
      await turn();
    }
    write(']');
  }
  write('}');
  return { ...describedCounts(sentences), fingerprint: digest.hex() };
}

/** Counts sentences, tokens, mentions, mentions per type, and the tokens of the longest sentence. */
export function countSentences(sentences: readonly Sentence[]): SplitCounts {
  const perType = new Map<string, number>();
  let tokens = 0;
  let mentions = 0;
  let longest = 0;
  for (const sentence of sentences) {
    tokens += sentence.tokens.length;
    mentions += sentence.mentions.length;
    longest = Math.max(longest, sentence.tokens.length);
    for (const { type } of sentence.mentions) perType.set(type, (perType.get(type) ?? 0) + 1);
  }
  const inOrder = [...perType].sort(([left], [right]) => (left < right ? -1 : 1));
  return { sentences: sentences.length, tokens, mentions, longest, perType: Object.fromEntries(inOrder) };
}

/** SHA-256 over tokens and mentions by split; independent of file names and tag scheme. */
function fingerprintOfSentences(sentences: CorpusSentences): string {
  const contentOf = (split: Split) => sentences[split].map(contentOfSentence);
  return fingerprint({ train: contentOf('train'), devel: contentOf('devel'), test: contentOf('test') });
}

function contentOfSentence({ tokens, mentions }: Sentence): readonly unknown[] {
  return [tokens, mentions.map(({ type, start, end }) => [type, start, end])];
}

/**
 * SHA-256 over the tokens of one split and the places of its mentions. Types are left out: a task has one, whatever its corpus or category
 * calls it.
 */
export function fingerprintOfSplit(sentences: readonly Sentence[]): string {
  return fingerprint(sentences.map(({ tokens, mentions }) => [tokens, mentions.map(({ start, end }) => [start, end])]));
}

/** Number of items in a share (between 0 and 1) of `count`: rounded, but at least one if there are any. */
export function shareOfCount(count: number, share: number): number {
  return Math.min(count, Math.max(1, Math.round(share * count)));
}

/**
 * Draws a share of the sentences, in their order. Nested: under the same seed, a smaller share is a subset of a larger one. Depends
 * only on index and seed, so tasks over the same text draw the same sentences.
 */
export function shareOfSentences<Sentence>(
  sentences: readonly Sentence[],
  share: number,
  seed: number,
): readonly Sentence[] {
  const indices = Rng.seeded(seed)
    .fork('trainShare')
    .shuffled([...sentences.keys()]);
  const drawn = new Set(indices.slice(0, shareOfCount(sentences.length, share)));
  return sentences.filter((_, index) => drawn.has(index));
}
