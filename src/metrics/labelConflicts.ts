// Finds inconsistent labels: token sequences labelled in one place only, and sentences of nearly the same text with other mentions.
import type { Mention, Sentence } from '../data/corpus/corpus.ts';
import { countThrough, type Work } from '../util/clock.ts';
import { ABSENT, ROOT, WordTrie } from '../util/wordTrie.ts';
import { leastLeakTokens } from './leaks.ts';
import {
  mentionText,
  Ranking,
  squeezedText,
  TextIndex,
  TextSources,
  wordRuns,
  type NearOptions,
  type SentencePosition,
  type TextSource,
} from './text/nearIndex.ts';

// Finds token sequences labelled in one place but not, or differently, in another.

/** Counts by label: a name, or null for unlabelled. There are usually a handful of labels; each takes four bytes per string. */
class LabelCounts {
  private readonly strings: number;
  private readonly labels: (string | null)[] = [null];
  private readonly byLabel: Int32Array[];
  private readonly insides: Int32Array;

  constructor(strings: number) {
    this.strings = strings;
    this.byLabel = [new Int32Array(strings)];
    this.insides = new Int32Array(strings);
  }

  add(string: number, label: string | null): void {
    let index = this.labels.indexOf(label);
    if (index < 0) {
      index = this.labels.push(label) - 1;
      this.byLabel.push(new Int32Array(this.strings));
    }
    const counts = this.byLabel[index] as Int32Array;
    (counts[string] as number)++;
  }

  addInside(string: number): void {
    (this.insides[string] as number)++;
  }

  inside(string: number): number {
    return this.insides[string] as number;
  }

  unlabelled(string: number): number {
    return this.byLabel[0]?.[string] ?? 0;
  }

  /** Sums all except those inside longer mentions. */
  total(string: number): number {
    return this.byLabel.reduce((sum, counts) => sum + (counts[string] as number), 0);
  }

  /** Returns the most frequent label, the first seen on a tie. */
  usual(string: number): string | null {
    const counts = this.byLabel.map((ofLabel) => ofLabel[string] as number);
    return this.labels[counts.indexOf(Math.max(...counts))] ?? null;
  }

  /** Counts those without the usual label. */
  minority(string: number): number {
    return this.total(string) - this.byLabel.reduce((most, counts) => Math.max(most, counts[string] as number), 0);
  }
}

interface ConflictOptions {
  /** For a task with several types. Tasks of a single type may each name it differently, which is not a conflict. */
  readonly tellTypesApart: boolean;
  /** Conflicts to keep; all are counted. */
  readonly limit: number;
  /** Occurrences to keep for each label of a conflict; all are counted. */
  readonly occurrencesPerLabel: number;
}

/** An occurrence of the sequence; `label` is the type of the mention that covers it exactly, null if there is none. */
export interface LabelOccurrence extends SentencePosition {
  /** First token. */
  readonly start: number;
  readonly label: string | null;
  /** Whether this is the most common label. */
  readonly isUsual: boolean;
}

export interface LabelConflict {
  /** Tokens joined by one space. */
  readonly text: string;
  readonly labelled: number;
  /** Neither a mention nor inside a longer one. */
  readonly unlabelled: number;
  /** Inside a longer mention: not a conflict, counted separately. */
  readonly inside: number;
  /** Occurrences without the most common label; unlabelled counts as a label too. */
  readonly minority: number;
  /** Labelled and unlabelled counts of each task where it occurs, in the order of the sources. */
  readonly tasks: readonly { readonly task: string; readonly labelled: number; readonly unlabelled: number }[];
  /** In the order of the sources. */
  readonly occurrences: readonly LabelOccurrence[];
}

export interface LabelConflicts {
  readonly count: number;
  /** By minority, descending; on a tie the most even first, then by text. */
  readonly conflicts: readonly LabelConflict[];
}

/**
 * Searches for every mention string of the sources everywhere in them, token by token and case-sensitive; it is a conflict if its
 * occurrences have more than one label. Walks a trie of all mention strings twice over the text, so time is linear in the tokens
 * times the longest mention, and memory in the mention strings.
 */
export function* labelConflicts(sources: readonly TextSource[], options: ConflictOptions): Work<LabelConflicts> {
  const texts = new TextSources(sources);
  const scan = new MentionScan();
  yield* countThrough('reading mentions', texts.count, (number) => scan.add(texts.sentenceOf(number)));
  const counts = new LabelCounts(scan.strings.length);
  const countedAs = (label: string | null) => (label === null || options.tellTypesApart ? label : '');
  yield* countThrough('counting labels', texts.count, (number) => {
    scan.find(texts.sentenceOf(number), (string, _start, label) => {
      if (label === INSIDE) counts.addInside(string);
      else counts.add(string, countedAs(label));
    });
  });

  const ranking = new Ranking<number>(options.limit, (left, right) => {
    const even = counts.minority(right) - counts.minority(left) || counts.total(left) - counts.total(right);
    return even || ((scan.strings[left] ?? '') < (scan.strings[right] ?? '') ? -1 : 1);
  });
  scan.strings.forEach((_, string) => {
    if (counts.minority(string) > 0) ranking.add(string);
  });
  const found = ranking.first().map((string) => new ConflictOccurrences(string, options.occurrencesPerLabel));
  const wanted = new Map(found.map((occurrences) => [occurrences.string, occurrences]));
  yield* countThrough('placing conflicts', texts.count, (number) => {
    const { source, sentence } = texts.placeOf(number);
    const task = sources[source]?.task ?? '';
    scan.find(texts.sentenceOf(number), (string, start, label) => {
      if (label === INSIDE) return;
      const isUsual = countedAs(label) === counts.usual(string);
      wanted.get(string)?.add(task, { source, sentence, start, label, isUsual });
    });
  });
  const conflicts = found.map(({ string, occurrences, tasks }) => ({
    text: scan.strings[string] ?? '',
    labelled: counts.total(string) - counts.unlabelled(string),
    unlabelled: counts.unlabelled(string),
    inside: counts.inside(string),
    minority: counts.minority(string),
    tasks: [...tasks].map(([task, ofTask]) => ({ task, ...ofTask })),
    occurrences,
  }));
  return { count: ranking.count, conflicts };
}

const INSIDE = Symbol('inside a longer mention');
type Label = string | null | typeof INSIDE;

/** All mention strings, and their occurrences in a sentence. */
class MentionScan {
  readonly strings: string[] = [];
  private readonly trie = new WordTrie();
  private readonly stringOfNode = new Map<number, number>();

  add(sentence: Sentence): void {
    for (const mention of sentence.mentions) {
      let node = ROOT;
      for (let at = mention.start; at < mention.end; at++) {
        node = this.trie.addChild(node, this.trie.addWord(sentence.tokens[at] ?? ''));
      }
      if (this.stringOfNode.has(node)) continue;
      this.stringOfNode.set(node, this.strings.length);
      this.strings.push(mentionText(sentence, mention));
    }
  }

  /** Reports every occurrence of every string, from left to right. */
  find({ tokens, mentions }: Sentence, found: (string: number, start: number, label: Label) => void): void {
    const words = tokens.map((token) => this.trie.wordOf(token));
    let next = 0;
    for (let start = 0; start < tokens.length; start++) {
      while ((mentions[next]?.end ?? Infinity) <= start) next++;
      const mention = mentions[next];
      let node = this.trie.child(ROOT, words[start] ?? ABSENT);
      for (let end = start + 1; node !== ABSENT; end++) {
        const string = this.stringOfNode.get(node);
        if (string !== undefined) {
          const isCovered = mention !== undefined && mention.start <= start && mention.end >= end;
          const isExact = isCovered && mention.start === start && mention.end === end;
          found(string, start, isExact ? mention.type : isCovered ? INSIDE : null);
        }
        node = this.trie.child(node, words[end] ?? ABSENT);
      }
    }
  }
}

/** The occurrences of one conflict, some for each label. */
class ConflictOccurrences {
  readonly string: number;
  readonly occurrences: LabelOccurrence[] = [];
  readonly tasks = new Map<string, { labelled: number; unlabelled: number }>();
  private readonly limit: number;
  private readonly perLabel = new Map<string | null, number>();

  constructor(string: number, limit: number) {
    this.string = string;
    this.limit = limit;
  }

  add(task: string, occurrence: LabelOccurrence): void {
    const counts = this.tasks.get(task) ?? { labelled: 0, unlabelled: 0 };
    counts[occurrence.label === null ? 'unlabelled' : 'labelled']++;
    this.tasks.set(task, counts);
    const perLabel = this.perLabel.get(occurrence.label) ?? 0;
    this.perLabel.set(occurrence.label, perLabel + 1);
    if (perLabel < this.limit) this.occurrences.push(occurrence);
  }
}

// Finds pairs of sentences with the same or nearly the same text whose mentions differ.

interface PairOptions {
  /** Whether a different type counts as a difference. */
  readonly tellTypesApart: boolean;
  /** Null: only identical text. */
  readonly near: NearOptions | null;
  /** Pairs to keep; all are counted. */
  readonly limit: number;
}

export interface LabelPair {
  /** The one of the two that comes first in the sources. */
  readonly left: SentencePosition;
  readonly right: SentencePosition;
  readonly kind: 'exact' | 'near';
  /** 1 for exact ones. */
  readonly similarity: number;
  /** Mentions that the other sentence lacks, though it contains their text. */
  readonly onlyLeft: readonly Mention[];
  readonly onlyRight: readonly Mention[];
}

export interface LabelPairs {
  readonly count: number;
  /** Exact ones first, then by similarity; on a tie those that differ in more mentions, then by position. */
  readonly pairs: readonly LabelPair[];
}

/**
 * Finds all pairs of sentences of at least `leastLeakTokens` tokens whose text is the same apart from case, spaces and the kind of
 * quotation marks, and whose mentions differ in position; and those of nearly the same text where a mention of one is unlabelled
 * text in the other.
 */
export function* labelPairs(sources: readonly TextSource[], options: PairOptions): Work<LabelPairs> {
  const texts = new TextSources(sources);
  const index = yield* TextIndex.build(sources, options.near);
  const ranking = new Ranking<LabelPair>(options.limit, inOrder);
  yield* countThrough('comparing labels', texts.count, (number) => {
    const left = texts.placeOf(number);
    const sentence = texts.sentenceOf(number);
    if (sentence.tokens.length < leastLeakTokens) return;
    const { exact, near } = index.matchesOf(number);
    const compare = (right: SentencePosition, kind: LabelPair['kind'], similarity: number): void => {
      const other = sources[right.source]?.sentences[right.sentence];
      if (other === undefined || other.tokens.length < leastLeakTokens || byPosition(left, right) >= 0) return;
      const differ = kind === 'exact' ? missingSpans : missingTexts;
      const onlyLeft = differ(sentence, other, options.tellTypesApart);
      const onlyRight = differ(other, sentence, options.tellTypesApart);
      if (onlyLeft.length + onlyRight.length > 0) ranking.add({ left, right, kind, similarity, onlyLeft, onlyRight });
    };
    for (const position of exact) compare(position, 'exact', 1);
    for (const { source, sentence: at, similarity } of near) compare({ source, sentence: at }, 'near', similarity);
  });
  return { count: ranking.count, pairs: ranking.first() };
}

function byPosition(left: SentencePosition, right: SentencePosition): number {
  return left.source - right.source || left.sentence - right.sentence;
}

function inOrder(one: LabelPair, other: LabelPair): number {
  if (one.kind !== other.kind) return one.kind === 'exact' ? -1 : 1;
  const differing = (pair: LabelPair) => pair.onlyLeft.length + pair.onlyRight.length;
  return (
    other.similarity - one.similarity ||
    differing(other) - differing(one) ||
    byPosition(one.left, other.left) ||
    byPosition(one.right, other.right)
  );
}

/** Finds mentions of a sentence that do not cover the same letters of another with the same squeezed text. */
function missingSpans(sentence: Sentence, other: Sentence, tellTypesApart: boolean): readonly Mention[] {
  const keyOf = ({ tokens }: Sentence, { type, start, end }: Mention): string => {
    const [from, to] = [start, end].map((at) => squeezedText({ tokens: tokens.slice(0, at) }).length);
    return `${from} ${to} ${tellTypesApart ? type : ''}`;
  };
  const there = new Set(other.mentions.map((mention) => keyOf(other, mention)));
  return sentence.mentions.filter((mention) => !there.has(keyOf(sentence, mention)));
}

/** Finds mentions of a sentence whose words occur in another, but never as a mention. */
function missingTexts(sentence: Sentence, other: Sentence, tellTypesApart: boolean): readonly Mention[] {
  const wordsOf = (one: Sentence, mention: Mention): string =>
    wordRuns({ tokens: [mentionText(one, mention)] }).join(' ');
  const keyOf = (words: string, { type }: Mention): string => (tellTypesApart ? `${words} ${type}` : words);
  const there = new Set(other.mentions.map((mention) => keyOf(wordsOf(other, mention), mention)));
  const text = ` ${wordRuns(other).join(' ')} `;
  return sentence.mentions.filter((mention) => {
    const words = wordsOf(sentence, mention);
    return words !== '' && !there.has(keyOf(words, mention)) && text.includes(` ${words} `);
  });
}

/**
 * Compares the mentions of a sentence with those of a passage of one or more concatenated sentences. If the passage contains the
 * sentence's squeezed text, the mentions must cover the same characters of it, whatever the tokens; otherwise both must mention the
 * same squeezed texts equally often. Types count if `withTypes`.
 */
export function sameLabels(sentence: Sentence, passage: readonly Sentence[], withTypes: boolean): boolean {
  const text = squeezedText(sentence);
  const running = passage.map(squeezedText).join('');
  const at = running.indexOf(text);
  const typeOf = ({ type }: Mention): string => (withTypes ? type : '');
  if (at < 0) {
    const named = (one: Sentence): string[] =>
      one.mentions.map(
        (mention) => `${typeOf(mention)} ${squeezedText({ tokens: one.tokens.slice(mention.start, mention.end) })}`,
      );
    return isSame(named(sentence), passage.flatMap(named));
  }
  let before = 0;
  const inPassage = passage.flatMap((one) => {
    const places = placesOf(one, before - at, typeOf);
    before += squeezedText(one).length;
    return places;
  });
  const inside = inPassage.filter(({ start, end }) => end > 0 && start < text.length);
  return isSame(placesOf(sentence, 0, typeOf).map(textOf), inside.map(textOf));
}

interface Position {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** Keys mentions by their characters in the squeezed text, shifted by `offset`. */
function placesOf({ tokens, mentions }: Sentence, offset: number, typeOf: (mention: Mention) => string): Position[] {
  const lengthOf = (count: number): number => squeezedText({ tokens: tokens.slice(0, count) }).length;
  return mentions.map((mention) => ({
    type: typeOf(mention),
    start: offset + lengthOf(mention.start),
    end: offset + lengthOf(mention.end),
  }));
}

function textOf({ type, start, end }: Position): string {
  return `${start}-${end} ${type}`;
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && [...left].sort().join('\n') === [...right].sort().join('\n');
}
