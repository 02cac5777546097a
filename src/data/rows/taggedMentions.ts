// Reads mentions from sentences with tags as written in a file, one tag for a token or several.
import type { ConllSource, Mention, Sentence, TagLayer } from '../corpus/corpus.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import {
  illegalTransitions,
  mentionsToTags,
  outside,
  splitTag,
  tagOfDialect,
  TypeNames,
  type TagParts,
} from '../corpus/tagScheme.ts';
import { detectTagScheme, lenientMentionsOfParts, type TagSchemeFinding } from '../corpus/tagSequences.ts';
import { untypedName } from '../documents/placeMentions.ts';
import type { RowLayout } from './rowFile.ts';

/** A sentence as its rows have it. */
export interface StackedSentence {
  /** Some may be empty: white space alone. */
  readonly tokens: readonly string[];
  /** Tags without `O` of each token in each of the layer columns, `[columns][tokens][tags]`. */
  readonly tags: readonly (readonly (readonly TagParts[])[])[];
  /** 1-based, `[tokens]`. */
  readonly lines: readonly number[];
}

/** One sentence as in the file: tokens, tags as written, and 1-based lines, each `[tokens]`; no lines if the file has none. */
export interface TaggedSentence {
  readonly tokens: readonly string[];
  readonly tags: readonly TagParts[];
  readonly lines: readonly number[];
}

/** Returns the sentences of one file with their mentions, read leniently, and the detected tag scheme; violations of it are warnings. */
export function readTaggedMentions(
  tagged: readonly TaggedSentence[],
  issues: IssueList,
): { readonly sentences: readonly Sentence[]; readonly scheme: ConllSource['scheme'] } {
  const finding = detectTagScheme(tagged);
  const names = new TypeNames();
  const sentences = nameUntyped(tagged, issues).map((sentence) => {
    const tags = sentence.tags.map((tag) => tagOfDialect(tag) ?? outside);
    if (finding.mixed === null) reportIllegal(sentence, tags, finding.scheme, issues);
    const mentions = lenientMentionsOfParts(tags).map((mention) => ({ ...mention, type: names.nameOf(mention.type) }));
    return { tokens: sentence.tokens, mentions };
  });
  names.report(issues);
  reportMixed(finding, issues);
  return { sentences, scheme: finding.scheme };
}

/** Gives mentions with bare-prefix tags the type `untypedName`, and reports it. */
function nameUntyped(sentences: readonly TaggedSentence[], issues: IssueList): readonly TaggedSentence[] {
  let firstLine: number | null = null;
  let untyped = 0;
  let typed = 0;
  for (const { tags, lines } of sentences) {
    tags.forEach((tag, index) => {
      if (tag.prefix === 'O') return;
      if (tag.type !== '') typed++;
      else if (untyped++ === 0) firstLine = lines[index] ?? null;
    });
  }
  if (untyped === 0) return sentences;
  if (typed === 0) {
    const message = `Tags name no type (first here): all mentions are read as type "${untypedName}".`;
    issues.add('warning', 'corpus/untyped-tag', firstLine, message);
  }
  const named = new Map<string, TagParts>();
  return sentences.map((sentence) => {
    const tags = sentence.tags.map((tag, index) => {
      if (tag.prefix === 'O' || tag.type !== '') return tag;
      if (typed > 0) {
        const message = `Tag ${quoted(tag.prefix)} names no type: read as type "${untypedName}".`;
        issues.add('warning', 'corpus/untyped-tag', sentence.lines[index] ?? null, message);
      }
      const known = named.get(tag.prefix) ?? { prefix: tag.prefix, type: untypedName };
      named.set(tag.prefix, known);
      return known;
    });
    return { ...sentence, tags };
  });
}

function reportIllegal(
  sentence: TaggedSentence,
  tags: readonly TagParts[],
  scheme: ConllSource['scheme'],
  issues: IssueList,
): void {
  if (scheme === 'IO' || scheme === 'none') return;
  for (const { index, complaint } of illegalTransitions(tags, scheme === 'BIOLU' ? 'IOBES' : scheme)) {
    const { prefix = '', type = '' } = sentence.tags[index] ?? {};
    const message = `Tag ${quoted(`${prefix}-${type}`)} ${complaint}, as ${scheme} asks: read as conlleval does.`;
    issues.add('warning', 'corpus/illegal-transition', sentence.lines[index] ?? null, message);
  }
}

function reportMixed({ mixed }: TagSchemeFinding, issues: IssueList): void {
  if (mixed === null) return;
  const { schemes, conflicts, line } = mixed;
  const message =
    `Tags of ${schemes} are mixed (first contradiction here, ${conflicts} in all): ` +
    'mentions are read as conlleval does.';
  issues.add('warning', 'corpus/mixed-schemes', line === 0 ? null : line, message);
}

// Reads nested annotation, several tags for a token, as overlapping mentions, and chooses those of one layer.

/**
 * Returns the mentions of one sentence from the tags of each token, `[tokens][tags]`, in order of start. With at most one tag for a
 * token they are those of `lenientMentions`. Else a tag continues the first mention of its type that reaches to the token before and
 * that no other tag continues.
 */
export function overlappingMentions(tags: readonly (readonly TagParts[])[]): Mention[] {
  if (tags.every((own) => own.length <= 1)) {
    return lenientMentionsOfParts(tags.map(([tag]) => (tag === undefined ? outside : (tagOfDialect(tag) ?? outside))));
  }
  const done: Mention[] = [];
  let open: { readonly type: string; readonly start: number }[] = [];
  for (const [index, own] of tags.entries()) {
    const next: typeof open = [];
    // Tags that begin a mention continue none, wherever they are in the cell.
    for (const tag of own.map((one) => tagOfDialect(one) ?? outside)) {
      const { prefix, type } = tag;
      if (prefix === 'O') continue;
      const at = prefix === 'I' || prefix === 'E' ? open.findIndex((mention) => mention.type === type) : -1;
      const mention = at < 0 ? { type, start: index } : (open.splice(at, 1)[0] ?? { type, start: index });
      if (prefix === 'E' || prefix === 'S') done.push({ ...mention, end: index + 1 });
      else next.push(mention);
    }
    for (const mention of open) done.push({ ...mention, end: index });
    open = next;
  }
  for (const mention of open) done.push({ ...mention, end: tags.length });
  return unique(done);
}

/** Sorts by start, then the longer first; equal mentions become one. */
function unique(mentions: readonly Mention[]): Mention[] {
  const byPosition = [...mentions].sort((left, right) => left.start - right.start || right.end - left.end);
  const seen = new Set<string>();
  return byPosition.filter(({ type, start, end }) => {
    const key = `${start} ${end} ${type}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Splits overlapping mentions into layers without overlaps, each in order of start: `outer` has the longest mentions in the first
 * layer, `inner` the shortest, `each` is like `outer`. Every mention is in some layer.
 */
export function mentionLayers(mentions: readonly Mention[], layer: TagLayer): Mention[][] {
  const length = ({ start, end }: Mention) => (layer === 'inner' ? end - start : start - end);
  let rest = unique(mentions).sort((left, right) => length(left) - length(right) || left.start - right.start);
  const layers: Mention[][] = [];
  while (rest.length > 0) {
    const chosen: Mention[] = [];
    const others: Mention[] = [];
    // Tokens of this layer's mentions; sentences are short.
    const taken = new Set<number>();
    for (const mention of rest) {
      const tokens = Array.from({ length: mention.end - mention.start }, (_, at) => mention.start + at);
      if (tokens.some((token) => taken.has(token))) {
        others.push(mention);
        continue;
      }
      tokens.forEach((token) => taken.add(token));
      chosen.push(mention);
    }
    layers.push(chosen.sort((left, right) => left.start - right.start));
    rest = others;
  }
  return layers;
}

/** Counts how the mentions of one column lie to those of another. */
export class NestingCounts {
  private nested = 0;
  private other = 0;

  /** Adds the mentions of one sentence. */
  add(inner: readonly Mention[], outer: readonly Mention[]): void {
    for (const one of inner) {
      for (const around of outer) {
        if (one.end <= around.start || around.end <= one.start) continue;
        const isWithin = around.start <= one.start && one.end <= around.end;
        if (isWithin && around.end - around.start > one.end - one.start) this.nested++;
        else this.other++;
      }
    }
  }

  /** Whether more mentions lie within others than lie on the same tokens or across. */
  get isNested(): boolean {
    return this.nested > this.other;
  }
}

/**
 * Returns the sentences with one tag for each token. Of nested annotation they have the layer of the layout's choice; where it reads
 * each, the one of this index. Mentions that are in no layer read are counted in a warning, an info if a person chose.
 */
export function layerOfSentences(
  stacked: readonly StackedSentence[],
  { choice, isChosen }: RowLayout,
  layerIndex: number,
  issues: IssueList,
): { readonly sentences: TaggedSentence[]; readonly layerCount: number } {
  const isNested = stacked.some(
    ({ tags }) => tags.length > 1 || tags.some((column) => column.some((own) => own.length > 1)),
  );
  if (!isNested && layerIndex === 0) {
    const sentences = stacked.map(({ tokens, tags, lines }) => {
      const [column = []] = tags;
      return { tokens, lines, tags: column.map(([tag]) => tag ?? outside) };
    });
    return { sentences, layerCount: 1 };
  }
  const layer = choice.layer === 'only' ? 'outer' : choice.layer;
  let layerCount = 1;
  let missing = 0;
  let firstLine: number | null = null;
  const sentences = stacked.map(({ tokens, tags, lines }): TaggedSentence => {
    const byColumn = tags.map(overlappingMentions);
    const isByColumn = layer === 'each' && tags.length > 1;
    const layers = isByColumn
      ? byColumn.map((mentions) => mentionLayers(mentions, 'outer')[0] ?? [])
      : mentionLayers(byColumn.flat(), layer);
    layerCount = Math.max(layerCount, layers.length);
    const all = isByColumn ? byColumn : layers;
    const read = layer === 'each' ? (isByColumn ? layers : all) : all.slice(0, 1);
    const left = countOf(all) - countOf(read);
    if (left > 0) firstLine ??= lines[0] ?? null;
    missing += left;
    const written = mentionsToTags(layers[layerIndex] ?? [], tokens.length, 'IOB2');
    return { tokens, lines, tags: written.map(splitTag) };
  });
  if (missing > 0) {
    const message =
      `Annotation is nested: ${missing} mentions lie within or across others and are left out (first in this sentence); ` +
      (layer === 'inner' ? 'the inner ones are read.' : 'the outer ones are read.');
    issues.add(isChosen ? 'info' : 'warning', 'corpus/nested', firstLine, message);
  }
  return { sentences, layerCount };
}

function countOf(layers: readonly (readonly Mention[])[]): number {
  return layers.reduce((sum, mentions) => sum + mentions.length, 0);
}
