// Reads nested annotation, several tags for a token, as overlapping mentions, and chooses those of one layer.
import { lenientMentionsOfParts } from '../corpus/chunks.ts';
import type { TagLayer } from '../corpus/columnChoice.ts';
import type { Mention } from '../corpus/corpus.ts';
import type { IssueList } from '../corpus/issues.ts';
import { mentionsToTags, outside, splitTag, tagOfDialect, type TagParts } from '../corpus/tagScheme.ts';
import type { RowLayout } from './rowFile.ts';
import type { TaggedSentence } from './taggedMentions.ts';
import type { StackedSentence } from './taggedMentions.ts';

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
