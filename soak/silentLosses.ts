// Asks of drawn corpora, whose annotation is known, whether reading them loses or changes any of it without a word.
import { SPLITS, type Sentence, type Split } from '../src/data/corpus/corpus.ts';
import { typeName } from '../src/data/corpus/tagScheme.ts';
import { assembleCorpora } from '../src/data/import/assembleCorpora.ts';
import type { NamedFile } from '../src/util/namedFile.ts';
import { Rng } from '../src/util/random.ts';

/** A corpus as it is dropped, and what reading it has to give. */
export interface KnownInput {
  readonly files: readonly NamedFile[];
  /** Sentences of each split with all their mentions; types as written. */
  readonly sentences: Readonly<Record<Split, readonly Sentence[]>>;
  /** Names what was done to the usual form of the format, to find the cause of a loss. */
  readonly changes: readonly string[];
}

/** Draws corpora in the forms that one kind of format comes in. Add one here for each kind: rows, JSON, BRAT, PubTator. */
export interface InputSource {
  readonly name: string;
  readonly draw: (rng: Rng) => KnownInput;
}

export interface SilentLoss {
  readonly source: string;
  /** Number of the input: `drawInput(source, seed, index)` draws it again. */
  readonly index: number;
  readonly changes: readonly string[];
  readonly expected: string;
  readonly got: string;
}

export interface LossCounts {
  /** Inputs read with all their annotation. */
  readonly whole: number;
  /** Inputs with another annotation, or none, about which something is said. */
  readonly reported: number;
  readonly silent: readonly SilentLoss[];
}

/** Codes of remarks that say nothing of annotation lost or changed. */
const harmless = new Set([
  ...[
    'corpus/comment',
    'corpus/docstart',
    'corpus/devel-drawn',
    'corpus/utf-16',
    'corpus/header',
    'corpus/blank-token',
  ],
  ...['corpus/range', 'corpus/quoted-cells', 'corpus/sentence-numbers', 'corpus/type-name', 'corpus/split'],
]);

export function drawInput(source: InputSource, seed: number, index: number): KnownInput {
  return source.draw(Rng.seeded(seed).fork(source.name, index));
}

/** Reads `count` inputs of a source. */
export function findSilentLosses(source: InputSource, count: number, seed: number): LossCounts {
  let whole = 0;
  let reported = 0;
  const silent: SilentLoss[] = [];
  for (let index = 0; index < count; index++) {
    const input = drawInput(source, seed, index);
    const expected = spelled(input.sentences);
    const { corpora, refused, ignored } = assembleCorpora(input.files);
    const got = corpora.map(({ sentences }) => spelled(sentences)).join('\n');
    const remarks = [...corpora, ...refused].flatMap(({ issues }) => issues).filter(({ code }) => !harmless.has(code));
    if (got === expected) whole++;
    else if (remarks.length + refused.length + ignored.length > 0) reported++;
    else silent.push({ source: source.name, index, changes: input.changes, ...firstDifference(expected, got) });
  }
  return { whole, reported, silent };
}

/** One line for each sentence: its split, tokens and mentions. */
function spelled(sentences: KnownInput['sentences']): string {
  return SPLITS.flatMap((split) =>
    sentences[split].map(({ tokens, mentions }) => {
      const spans = mentions.map(({ type, start, end }) => `${typeName(type)} ${start}-${end}`);
      return `${split}: ${tokens.join(' ')} [${spans.join(', ')}]`;
    }),
  ).join('\n');
}

function firstDifference(expected: string, got: string): { readonly expected: string; readonly got: string } {
  const [left, right] = [expected.split('\n'), got.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  const index = at < 0 ? left.length : at;
  return { expected: left[index] ?? 'no more sentences', got: right[index] || 'no more sentences' };
}
