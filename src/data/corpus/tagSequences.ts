// Reads sequences of tags of any spelling: takes tags apart, detects their scheme, and decodes them into mentions.
import type { ConllSource, Mention } from './corpus.ts';
import { outside, splitTag, tagOfDialect, tagSchemePrefixes, type TagParts, type TagScheme } from './tagScheme.ts';

// Decodes tag sequences into mentions, leniently or strictly.

/** Whether a chunk begins at `current`, by the rules that conlleval and seqeval share. */
export function startsChunk(previous: TagParts, current: TagParts): boolean {
  const { prefix } = current;
  if (prefix === 'B' || prefix === 'S' || isBracket(prefix)) return true;
  if (prefix === 'I' || prefix === 'E') {
    if (previous.prefix === 'O' || previous.prefix === 'E' || previous.prefix === 'S') return true;
  }
  return !isOutside(prefix) && previous.type !== current.type;
}

/** Whether a chunk that includes `previous` ends before `current`, by the rules that conlleval and seqeval share. */
export function endsChunk(previous: TagParts, current: TagParts): boolean {
  const { prefix } = previous;
  if (prefix === 'E' || prefix === 'S' || isBracket(prefix)) return true;
  if (prefix === 'B' || prefix === 'I') {
    if (current.prefix === 'B' || current.prefix === 'S' || current.prefix === 'O') return true;
  }
  return !isOutside(prefix) && previous.type !== current.type;
}

/**
 * Returns the mentions of one sentence as conlleval and seqeval's default read them: any prefix may open a mention, a change of
 * type always does. Never throws; an unknown prefix counts as part of a mention.
 */
export function lenientMentions(tags: readonly string[]): Mention[] {
  return lenientMentionsOfParts(tags.map(splitTag));
}

/** `lenientMentions` for tags already split into parts. */
export function lenientMentionsOfParts(tags: readonly TagParts[]): Mention[] {
  const mentions: Mention[] = [];
  let open: { readonly type: string; readonly start: number } | null = null;
  let previous = outside;
  for (let index = 0; index < tags.length; index++) {
    const current = tags[index] ?? outside;
    const starts = startsChunk(previous, current);
    if (open !== null && (starts || endsChunk(previous, current))) {
      mentions.push({ ...open, end: index });
      open = null;
    }
    if (starts) open = { type: current.type, start: index };
    previous = current;
  }
  if (open !== null) mentions.push({ ...open, end: tags.length });
  return mentions;
}

export interface StrictReading {
  readonly mentions: Mention[];
  /** Number of tags with a prefix the scheme does not have; they are read as `O`. */
  readonly unknownTags: number;
}

/**
 * Returns the mentions of one sentence that are well-formed in `scheme`, and drops the others. IOB2: opened by B. IOBES: opened by
 * B and closed by E, or a single S. IOB1: opened by I, or by B directly after a token of the same type. For IOB2 and IOBES this is
 * seqeval's strict mode, except that an unknown prefix is counted where seqeval raises.
 */
export function strictMentions(tags: readonly string[], scheme: TagScheme): StrictReading {
  let unknownTags = 0;
  const parts = tags.map((tag) => {
    const tagParts = splitTag(tag);
    if (tagSchemePrefixes[scheme].includes(tagParts.prefix)) return tagParts;
    if (tagParts.prefix !== 'O') unknownTags++;
    return outside;
  });
  const at = (index: number) => parts[index] ?? outside;

  const mentions: Mention[] = [];
  let start = 0;
  while (start < parts.length) {
    const { prefix, type } = at(start);
    const has = (index: number, wanted: string) => at(index).prefix === wanted && at(index).type === type;
    let end = start + 1;
    let wellFormed = prefix === 'S';
    if (prefix === 'B' || prefix === 'I') {
      while (has(end, 'I')) end++;
      if (scheme === 'IOB2') wellFormed = prefix === 'B';
      else if (scheme === 'IOB1') wellFormed = prefix === 'I' || has(start - 1, 'B') || has(start - 1, 'I');
      else if (prefix === 'B' && has(end, 'E')) {
        wellFormed = true;
        end++;
      }
    }
    if (wellFormed) mentions.push({ type, start, end });
    start = end;
  }
  return { mentions, unknownTags };
}

/** conlleval's `.` and `O` are outside every chunk. */
const isOutside = (prefix: string) => prefix === 'O' || prefix === '.';
/** conlleval's bracket tags are one-token chunks. */
const isBracket = (prefix: string) => prefix === '[' || prefix === ']';

// Detects which tag scheme a file uses, from its tags alone.

/** The tags of one sentence as written, `[tokens]`, and their 1-based line numbers, `[tokens]`; none if the file has no lines. */
export interface TaggedLines {
  readonly tags: readonly TagParts[];
  readonly lines: readonly number[];
}

/** How often something was seen, and on which line first. */
export interface Evidence {
  readonly count: number;
  readonly firstLine: number | null;
}

export interface TagSchemeFinding {
  readonly scheme: ConllSource['scheme'];
  /** Set if the file mixes tags of two schemes: which, and the line of the first tag that contradicts earlier ones, 0 without lines. */
  readonly mixed: { readonly line: number; readonly schemes: string; readonly conflicts: number } | null;
  readonly evidence: {
    /** Every prefix except `O`, as written. */
    readonly prefixes: ReadonlyMap<string, Evidence>;
    /** Mentions opened by I with no preceding tag of their type, as IOB1 writes them. */
    readonly openedByI: Evidence;
    /** Mentions opened by B with no preceding tag of their type, which IOB1 does not write. */
    readonly openedByB: Evidence;
    /** Mentions opened by B and not closed by E, which IOBES does not write. */
    readonly unclosed: Evidence;
  };
}

/** Sets of prefixes that occur together; BMEWO and BMES are other spellings of IOBES. */
const alphabets = [
  { name: 'IOBES', prefixes: 'BIES' },
  { name: 'BIOLU', prefixes: 'BILU' },
  { name: 'BMEWO', prefixes: 'BMEW' },
  { name: 'BMES', prefixes: 'BMES' },
];

/** Contradictions rarer than this share of mentions are slips, not a second scheme. */
const mixedShare = 0.1;

/**
 * Detects the scheme of the sentences of one file, with the evidence. All tags must have known prefixes (see tagOfDialect). A file
 * whose only prefix is I is `IO`; BMEWO and BMES count as IOBES in another spelling.
 */
export function detectTagScheme(sentences: Iterable<TaggedLines>): TagSchemeFinding {
  const prefixes = new Map<string, Witness>();
  const openedByI = new Witness();
  const openedByB = new Witness();
  const unclosed = new Witness();
  const closing = new Witness();
  let mentions = 0;

  for (const { tags, lines } of sentences) {
    let previous = outside;
    /** Line of the B of a mention not yet closed. */
    let openLine: number | null = null;
    for (let index = 0; index <= tags.length; index++) {
      const written = tags[index] ?? outside;
      const line = lines[index] ?? 0;
      const current = tagOfDialect(written) ?? outside;
      const continues =
        (previous.prefix === 'B' || previous.prefix === 'I') &&
        current.prefix !== 'O' &&
        previous.type === current.type;
      const goesOn = continues && (current.prefix === 'I' || current.prefix === 'E');
      if (openLine !== null && !goesOn) unclosed.add(openLine);
      if (!goesOn) openLine = current.prefix === 'B' ? line : null;
      else if (current.prefix === 'E') openLine = null;

      if (current.prefix !== 'O') {
        const seen = prefixes.get(written.prefix) ?? new Witness();
        prefixes.set(written.prefix, seen);
        seen.add(line);
        if (!goesOn) mentions++;
        if (current.prefix === 'I' && !continues) openedByI.add(line);
        if (current.prefix === 'B' && !continues) openedByB.add(line);
        if (current.prefix === 'E' || current.prefix === 'S') closing.add(line);
      }
      previous = current;
    }
  }

  const evidence = { prefixes, openedByI, openedByB, unclosed };
  const mixedAlphabets = firstForeignPrefix(prefixes);
  if (closing.count > 0) {
    const scheme = prefixes.has('L') || prefixes.has('U') ? 'BIOLU' : 'IOBES';
    const iob2 = conflict(unclosed, closing, mentions, 1);
    const mixed = mixedAlphabets ?? (iob2 === null ? null : { ...iob2, schemes: `${scheme} and IOB2` });
    return { scheme, mixed, evidence };
  }
  if (prefixes.size === 0) return { scheme: 'none', mixed: null, evidence };
  if (!prefixes.has('B')) return { scheme: 'IO', mixed: mixedAlphabets, evidence };
  // A single I that opens a mention is a slip; two or more, if frequent, indicate a scheme.
  const [rarer, commoner] = openedByI.count > openedByB.count ? [openedByB, openedByI] : [openedByI, openedByB];
  const both = conflict(rarer, commoner, mentions, 2);
  return {
    scheme: commoner === openedByI ? 'IOB1' : 'IOB2',
    mixed: mixedAlphabets ?? (both === null ? null : { ...both, schemes: 'IOB1 and IOB2' }),
    evidence,
  };
}

class Witness implements Evidence {
  count = 0;
  firstLine: number | null = null;

  add(line: number): void {
    this.count++;
    // A mention is known to be unclosed only later, but lines still arrive in order.
    this.firstLine ??= line;
  }
}

/** Finds where `rarer` and `commoner` first contradict each other, if `rarer` is too frequent to be a slip. */
function conflict(rarer: Evidence, commoner: Evidence, mentions: number, atLeast: number) {
  if (rarer.firstLine === null || commoner.firstLine === null) return null;
  if (rarer.count < atLeast || rarer.count < mixedShare * mentions) return null;
  return { line: Math.max(rarer.firstLine, commoner.firstLine), conflicts: rarer.count };
}

/** Finds the first prefix that no alphabet combines with the preceding ones, such as S after L. */
function firstForeignPrefix(prefixes: ReadonlyMap<string, Evidence>): TagSchemeFinding['mixed'] {
  let possible = alphabets;
  for (const [prefix, { count, firstLine }] of prefixes) {
    const still = possible.filter((alphabet) => alphabet.prefixes.includes(prefix));
    if (still.length === 0) {
      const others = alphabets.filter((alphabet) => alphabet.prefixes.includes(prefix));
      return { line: firstLine ?? 1, schemes: `${possible[0]?.name} and ${others[0]?.name}`, conflicts: count };
    }
    possible = still;
  }
  return null;
}

// Reads tags of any spelling: prefix or suffix, with any mark between prefix and type, alone or several in a cell.

/** How the tags of a column are spelled: `B-Drug`, `B_Drug`, `Drug-B`. */
export interface TagDialect {
  readonly affix: 'prefix' | 'suffix';
  readonly mark: string;
}

/** The spelling that the lab writes. */
export const usualDialect: TagDialect = { affix: 'prefix', mark: '-' };

const marks = '-_:/.';
/** The marks, and what separates several tags in a cell. */
const telling = `${marks}|;,+`;

/** The spellings that are recognised, the usual one first. */
export const tagDialects: readonly TagDialect[] = (['prefix', 'suffix'] as const).flatMap((affix) =>
  Array.from(marks, (mark) => (affix === 'prefix' && mark === '-' ? usualDialect : { affix, mark })),
);

/** Letters that are prefixes of some scheme. */
const letters = 'BIESLUMW';

/** Returns the parts of a tag in one spelling, the prefix as written; null if it is no tag in that spelling. */
export function tagInDialect(text: string, { affix, mark }: TagDialect): TagParts | null {
  if (text === 'O') return outside;
  if (text.length === 1) return letters.includes(text) ? { prefix: text, type: '' } : null;
  if (affix === 'prefix') {
    if (text.charAt(1) !== mark || !letters.includes(text.charAt(0))) return null;
    return mark === '-' ? splitTag(text) : { prefix: text.charAt(0), type: text.slice(2) };
  }
  const last = text.length - 1;
  if (text.charAt(last - 1) !== mark || !letters.includes(text.charAt(last))) return null;
  return { prefix: text.charAt(last), type: text.slice(0, last - 1) };
}

/** What separates several tags in one cell. A slash does not: types such as `gene/protein` have it. */
const stackMarks = /[|;,+]/;
/** Annotation is nested a few layers deep. */
const mostStacked = 32;

/**
 * Returns the tags of a cell, without `O`, null if it holds anything else. Most cells have one or none; several, such as
 * `B-DNA|B-protein`, are nested annotation.
 */
export function tagsOfCell(text: string, dialect: TagDialect): readonly TagParts[] | null {
  if (text === 'O') return [];
  if (stackMarks.test(text)) {
    const parts = text.split(stackMarks, mostStacked + 1).map((part) => tagInDialect(part.trim(), dialect));
    if (
      parts.length > 1 &&
      parts.length <= mostStacked &&
      parts.every((part) => part !== null && (part === outside || part.type !== ''))
    ) {
      return parts.flatMap((part) => (part === null || part.prefix === 'O' ? [] : [part]));
    }
  }
  const tag = tagInDialect(text, dialect);
  return tag === null || tagOfDialect(tag) === null ? null : [tag];
}

/** Counts in which spellings the cells of a column are tags. */
export class DialectCounts {
  /** Cells that are tags in every spelling: `O` and bare prefixes. */
  private plain = 0;
  private readonly spelled = new Map<TagDialect, number>();

  add(text: string): void {
    if (text === 'O' || (text.length === 1 && letters.includes(text))) {
      this.plain++;
      return;
    }
    // Most cells are no tags: their second or last but one character shows it.
    if (!telling.includes(text.charAt(1)) && !telling.includes(text.charAt(text.length - 2))) return;
    for (const dialect of tagDialects) {
      if (tagsOfCell(text, dialect) !== null) this.spelled.set(dialect, (this.spelled.get(dialect) ?? 0) + 1);
    }
  }

  /** The spelling of most cells, and how many cells are tags in it. */
  get best(): { readonly dialect: TagDialect; readonly count: number } {
    let dialect = usualDialect;
    // Map keeps the order of first sight, so the order of spellings has to decide between equal counts.
    for (const other of tagDialects) {
      if ((this.spelled.get(other) ?? 0) > (this.spelled.get(dialect) ?? 0)) dialect = other;
    }
    return { dialect, count: this.plain + (this.spelled.get(dialect) ?? 0) };
  }
}
