// Joins corpora that each annotate some of the types into one that annotates all, taking the missing mentions from taggers.
import type { Mention, Sentence, Split } from '../../src/data/corpus/corpus.ts';
import { mentionsToTags } from '../../src/data/corpus/tagScheme.ts';
import { writeConll } from '../../src/data/rows/conll.ts';
import { leakedSentences } from '../../src/metrics/leaks.ts';
import { finishWork } from '../../src/util/clock.ts';
import type { SureMention } from '../../src/wire/trainingProtocol.ts';

/** A corpus of the joint one: what its mentions are called there, and which of its sentences are taken. */
export interface JointSource {
  readonly folder: string;
  /** By the corpus' own names; these are annotated everywhere in it, so no tagger adds any. */
  readonly types: Readonly<Record<string, string>>;
  /** Of the sentences without such a mention, every n-th is taken. */
  readonly everyBlank: number;
  /** Of the devel sentences, every n-th is taken. */
  readonly everyDevel: number;
}

export const jointTypes = ['Chemical', 'Disease', 'Gene', 'Species'] as const;

export const jointSources: readonly JointSource[] = [
  { folder: 'NCBI-disease-IOB', types: { Disease: 'Disease' }, everyBlank: 1, everyDevel: 1 },
  { folder: 'BC5CDR-IOB', types: { Chemical: 'Chemical', Disease: 'Disease' }, everyBlank: 1, everyDevel: 5 },
  { folder: 'BC2GM-IOB', types: { GENE: 'Gene' }, everyBlank: 2, everyDevel: 5 },
  { folder: 'linnaeus-IOB', types: { Species: 'Species' }, everyBlank: 3, everyDevel: 5 },
];

/** A mention of a tagger is taken from this probability on. */
export const leastConfidence = 0.5;

/** Gives a sentence's mentions the joint names. Mentions of other types are left out. */
export function inJointNames<Found extends Mention>(mentions: readonly Found[], types: JointSource['types']): Found[] {
  return mentions.flatMap((mention) => {
    const type = types[mention.type];
    return type === undefined ? [] : [{ ...mention, type }];
  });
}

/**
 * Adds what taggers found to what is annotated: mentions of types that are not annotated here, sure enough, and free of overlap with what is
 * annotated or surer. `annotated` and `found` have joint names.
 */
export function completed(
  annotated: readonly Mention[],
  found: readonly SureMention[],
  annotatedTypes: readonly string[],
): readonly Mention[] {
  const taken: Mention[] = [...annotated];
  const surest = [...found].sort((left, right) => right.confidence - left.confidence);
  for (const { confidence, ...mention } of surest) {
    if (confidence < leastConfidence || annotatedTypes.includes(mention.type)) continue;
    if (taken.some(({ start, end }) => start < mention.end && mention.start < end)) continue;
    taken.push(mention);
  }
  return taken.sort((left, right) => left.start - right.start);
}

/** Chooses the sentences of a split that the joint corpus takes. */
export function chosenSentences(
  sentences: readonly Sentence[],
  split: Exclude<Split, 'test'>,
  { types, everyBlank, everyDevel }: JointSource,
): readonly Sentence[] {
  if (split === 'devel') return sentences.filter((_, index) => index % everyDevel === 0);
  let blank = 0;
  return sentences.filter(({ mentions }) => inJointNames(mentions, types).length > 0 || blank++ % everyBlank === 0);
}

/** Leaves out of each corpus' training sentences those whose text occurs in the test split of any of the corpora. */
export function withoutTestText(
  training: readonly (readonly Sentence[])[],
  tests: readonly (readonly Sentence[])[],
): readonly (readonly Sentence[])[] {
  const leaked = finishWork(leakedSentences(training, tests, 'exact'));
  return training.map((sentences, corpus) => sentences.filter((_, index) => leaked[corpus]?.[index] !== 1));
}

/** Writes sentences as rows of a token and an IOB2 tag. */
export function jointRows(sentences: readonly Sentence[]): string {
  return writeConll(sentences, [
    sentences.map(({ tokens, mentions }) => mentionsToTags(mentions, tokens.length, 'IOB2')),
  ]);
}
