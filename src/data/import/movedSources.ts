// Joins the sentences of a corpus from its sources, and moves a source to another split.
import { LabError } from '../../util/labError.ts';
import { SPLITS, type CorpusSentences, type CorpusSource, type Sentence, type Split } from '../corpus/corpus.ts';
import type { CorpusTexts, DocumentText } from '../documents/document.ts';

interface SourcedSentences {
  readonly sentences: CorpusSentences;
  /** Null for a corpus imported as rows of tokens. */
  readonly texts: CorpusTexts | null;
  readonly sources: readonly CorpusSource[];
}

/**
 * Moves the sentences of `file` to `split`. Within a split, sentences keep the order of `sources`, which does not change. Throws
 * `corpus/source` if no source is called `file` or the sources do not account for all sentences.
 */
export function moveSource(
  { sentences, texts, sources }: SourcedSentences,
  file: string,
  split: Split,
): SourcedSentences {
  if (!sources.some((source) => source.file === file)) {
    throw new LabError('corpus/source', 'The corpus has no such source file.', {
      expected: sources.map((source) => source.file).join(', '),
      got: file,
    });
  }
  const slices = sliceBySource(sentences, sources);
  const moved = sources.map((source) => (source.file === file ? { ...source, split } : source));
  const movedTexts = texts === null ? null : joinSources(moved, sliceTexts(texts, sources));
  return { sentences: joinSources(moved, slices), texts: movedTexts, sources: moved };
}

/** Joins sentences, or texts, by split, from those of each source; `slices` runs parallel to `sources`. */
export function joinSources<Item>(
  sources: readonly CorpusSource[],
  slices: readonly (readonly Item[])[],
): Readonly<Record<Split, readonly Item[]>> {
  const of = (split: Split) =>
    sources.flatMap((source, index) => (source.split === split ? (slices[index] ?? []) : []));
  return { train: of('train'), devel: of('devel'), test: of('test') };
}

/** Returns the documents of each source: as many as contain its sentences. */
function sliceTexts(texts: CorpusTexts, sources: readonly CorpusSource[]): (readonly DocumentText[])[] {
  const used: Record<Split, number> = { train: 0, devel: 0, test: 0 };
  return sources.map(({ split, sentences }) => {
    const start = used[split];
    let left = sentences;
    while (left > 0 && used[split] < texts[split].length) left -= texts[split][used[split]++]?.sentences.length ?? 0;
    return texts[split].slice(start, used[split]);
  });
}

function sliceBySource(sentences: CorpusSentences, sources: readonly CorpusSource[]): (readonly Sentence[])[] {
  const used: Record<Split, number> = { train: 0, devel: 0, test: 0 };
  const slices = sources.map((source) => {
    const start = used[source.split];
    used[source.split] += source.sentences;
    return sentences[source.split].slice(start, used[source.split]);
  });
  for (const split of SPLITS) {
    if (used[split] === sentences[split].length) continue;
    throw new LabError('corpus/source', `The sources do not account for the ${split} sentences.`, {
      expected: `${used[split]} sentences`,
      got: `${sentences[split].length}`,
    });
  }
  return slices;
}
