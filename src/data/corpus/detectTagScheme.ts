// Detects which tag scheme a file uses, from its tags alone.
import type { ConllSource } from './corpusSource.ts';
import { outside, tagOfDialect, type TagParts } from './tagScheme.ts';

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
