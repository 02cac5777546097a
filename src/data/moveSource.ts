// Moves the sentences of one source file to another split, when a person corrects what its name suggested.
import type { CorpusSource } from '../schema/corpusRecord.ts';
import { LabError } from '../util/labError.ts';
import { SPLITS, type CorpusSentences, type Sentence, type Split } from './corpus.ts';

export interface SourcedSentences {
  readonly sentences: CorpusSentences;
  readonly sources: readonly CorpusSource[];
}

/**
 * The same corpus with the sentences of `file` in `split`. Within a split, sentences stand in the order of `sources`, which is
 * kept. Throws `corpus/source` when no source is called `file` or the sources do not account for all sentences.
 */
export function moveSource({ sentences, sources }: SourcedSentences, file: string, split: Split): SourcedSentences {
  if (!sources.some((source) => source.file === file)) {
    throw new LabError('corpus/source', 'The corpus has no such source file.', {
      expected: sources.map((source) => source.file).join(', '),
      got: file,
    });
  }
  const slices = sliceBySource(sentences, sources);
  const moved = sources.map((source) => (source.file === file ? { ...source, split } : source));
  return { sentences: joinSources(moved, slices), sources: moved };
}

/** The sentences by split, from the sentences of each source; `slices` runs parallel to `sources`. */
export function joinSources(
  sources: readonly CorpusSource[],
  slices: readonly (readonly Sentence[])[],
): CorpusSentences {
  const of = (split: Split) =>
    sources.flatMap((source, index) => (source.split === split ? (slices[index] ?? []) : []));
  return { train: of('train'), devel: of('devel'), test: of('test') };
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
