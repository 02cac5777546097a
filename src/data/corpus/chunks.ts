// Decodes tag sequences into mentions, leniently or strictly.
import type { Mention } from './corpus.ts';
import { outside, splitTag, tagSchemePrefixes, type TagParts, type TagScheme } from './tagScheme.ts';

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
