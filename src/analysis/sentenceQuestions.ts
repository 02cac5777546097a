// Answers questions about the sentences of one corpus: a page of those that match, and all lengths.
import { SPLITS, type CorpusSentences, type Sentence, type Split } from '../data/corpus/corpus.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { LengthHistogram, SentenceFilter, SentencesPage, SentencesQuery } from './questions/sentencesQuery.ts';
import { recent } from './recent.ts';

/** Each rejects like AnalysisInputs. */
interface SentenceQuestions {
  page(query: SentencesQuery): Promise<SentencesPage>;
  lengths(query: { readonly corpusId: string }): Promise<LengthHistogram>;
}

export function sentenceQuestions(inputs: AnalysisInputs): SentenceQuestions {
  const recentFound = recent<Omit<SentencesQuery, 'first' | 'count'>, readonly number[]>(4);
  const read = (corpusId: string, split: Split) => inputs.sentences({ corpusId, type: null }, split);

  return {
    async page({ first, count, ...sought }) {
      const sentences = await read(sought.corpusId, sought.split);
      const found = await recentFound.of(sought, async () => searchSentences(sentences, sought.filter));
      const lines = found.slice(first, first + count).flatMap((index) => {
        const sentence = sentences[index];
        return sentence === undefined ? [] : [{ index, sentence }];
      });
      return { first, total: found.length, lines };
    },
    async lengths({ corpusId }) {
      const [train, devel, test] = await Promise.all(SPLITS.map((split) => read(corpusId, split)));
      return lengthHistogram({ train: train ?? [], devel: devel ?? [], test: test ?? [] });
    },
  };
}

const loweredTexts = new WeakMap<readonly Sentence[], readonly string[]>();

/** Returns the indices of the matching sentences, in corpus order. */
export function searchSentences(sentences: readonly Sentence[], query: SentenceFilter): readonly number[] {
  const wanted = query.text.trim().toLowerCase();
  const texts = wanted === '' ? [] : lowered(sentences);
  const found: number[] = [];
  sentences.forEach(({ mentions }, index) => {
    if (query.withMentions && mentions.length === 0) return;
    if (query.type !== null && !mentions.some((mention) => mention.type === query.type)) return;
    if (wanted !== '' && !texts[index]?.includes(wanted)) return;
    found.push(index);
  });
  return found;
}

function lowered(sentences: readonly Sentence[]): readonly string[] {
  const known = loweredTexts.get(sentences);
  if (known !== undefined) return known;
  const texts = sentences.map(({ tokens }) => tokens.join(' ').toLowerCase());
  loweredTexts.set(sentences, texts);
  return texts;
}

const WIDTHS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const MOST_BINS = 40;

export function lengthHistogram(sentences: CorpusSentences): LengthHistogram {
  const lengths = SPLITS.map((split) => sentences[split].map(({ tokens }) => tokens.length));
  const sorted = lengths.flat().sort((left, right) => left - right);
  const longest = sorted.at(-1) ?? 0;
  const width = WIDTHS.find((candidate) => longest <= candidate * MOST_BINS) ?? Math.ceil(longest / MOST_BINS);
  const bins = Array.from({ length: Math.ceil(longest / width) }, (_, index) => ({
    from: index * width + 1,
    to: (index + 1) * width,
    train: 0,
    devel: 0,
    test: 0,
  }));
  SPLITS.forEach((split, index) => {
    for (const length of lengths[index] ?? []) {
      const bin = bins[Math.max(0, Math.ceil(length / width) - 1)];
      if (bin !== undefined) bin[split]++;
    }
  });
  return { bins, longest, median: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0 };
}
