// Answers questions about the sentences of one corpus, and about the ids of its mentions.
import { SPLITS, type CorpusSentences, type Sentence, type Split } from '../data/corpus/corpus.ts';
import { Linker, type LinkAnswer } from '../data/dictionary/linker.ts';
import { readDictionary } from '../data/dictionary/readDictionary.ts';
import { readDictionaryFile } from '../storage/dictionaryRecords.ts';
import type { Store } from '../storage/store.ts';
import { inTurns, type Work } from '../util/clock.ts';
import { recent, type AnalysisInputs, type AnalysisJob } from './analysisInputs.ts';
import type {
  LengthHistogram,
  LinksAnswer,
  LinksQuery,
  SentenceFilter,
  SentencesPage,
  SentencesQuery,
} from './questions/sentencesQuery.ts';

// Answers questions about the sentences of one corpus: a page of those that match, and all lengths.

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

// Answers questions about the ids of mentions: opens a dictionary once, and links mentions by it.

/** Mentions linked between two steps: one takes up to some tens of milliseconds in a dictionary of 300,000 terms. */
const MENTIONS_A_STEP = 20;

/** Links mentions by a stored dictionary, whose index is built once and remembered. Rejects with `storage/missing`, `storage/corrupt` and `dictionary/...`. */
export function linkQuestions(store: Store): (query: LinksQuery, job: AnalysisJob) => Promise<LinksAnswer> {
  // An index may take hundreds of megabytes.
  const linkers = recent<string, Linker>(1);
  /** Readings under way, shared by the questions that wait for them. */
  const arriving = new Map<string, Promise<Linker>>();

  async function open(id: string, job: AnalysisJob): Promise<Linker> {
    const { file } = await readDictionaryFile(store, id);
    const { entries } = await inTurns(readDictionary(file), job);
    return inTurns(Linker.build(entries), job);
  }

  async function linkerOf(id: string, job: AnalysisJob): Promise<Linker> {
    for (;;) {
      const known = arriving.get(id);
      if (known === undefined) break;
      // That of a cancelled question ends without a linker, and this one then reads it.
      await known.catch(() => undefined);
      job.signal.throwIfAborted();
    }
    return linkers.of(id, () => {
      const reading = open(id, job).finally(() => arriving.delete(id));
      arriving.set(id, reading);
      return reading;
    });
  }

  return async (query, job) => {
    const { dictionaryId, mentions, options } = query;
    const linker = await linkerOf(dictionaryId, job);
    return { links: await inTurns(linkAll(linker, mentions, options), job) };
  };
}

function* linkAll(
  linker: Linker,
  mentions: LinksQuery['mentions'],
  options: LinksQuery['options'],
): Work<readonly LinkAnswer[]> {
  const links: LinkAnswer[] = [];
  for (const [index, { text, type }] of mentions.entries()) {
    if (index % MENTIONS_A_STEP === 0) yield { phase: 'linking mentions', done: index, of: mentions.length };
    links.push(linker.link(text, type, options));
  }
  return links;
}
