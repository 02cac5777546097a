// Reads mentions from sentences with tags as written in a file.
import { lenientMentionsOfParts } from '../corpus/chunks.ts';
import type { Sentence } from '../corpus/corpus.ts';
import type { ConllSource } from '../corpus/corpusSource.ts';
import { detectTagScheme, type TagSchemeFinding } from '../corpus/detectTagScheme.ts';
import { quoted, type IssueList } from '../corpus/issues.ts';
import { illegalTransitions, outside, tagOfDialect, TypeNames, type TagParts } from '../corpus/tagScheme.ts';
import { untypedName } from '../documents/placeMentions.ts';

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
