// Loads and caches what analyses read, and names the jobs that they work in.
import {
  restrictToType,
  SPLITS,
  type CorpusSentences,
  type Sentence,
  type Split,
  type Task,
} from '../data/corpus/corpus.ts';
import {
  unstorePredictions,
  type PredictedMention,
  type PredictionRequest,
  type StoredPredictions,
} from '../schema/storedPredictions.ts';
import { readCorpusSentences } from '../storage/corpusRecords.ts';
import { readPredictions } from '../storage/predictionRecords.ts';
import type { Store } from '../storage/store.ts';
import { mapWork, type Work, type WorkControl } from '../util/clock.ts';
import { canonicalJson } from '../util/digest.ts';
import { LabError } from '../util/labError.ts';

// Loads what analyses read: task sentences and snapshot predictions, cached within a limit.

export interface AnalysisInputs {
  /** Sentences of one split; mentions of types other than the task's are plain text. Throws LabError `storage/missing` or `storage/corrupt`. */
  sentences(task: Task, split: Split): Promise<readonly Sentence[]>;
  /** Predicted mentions of each sentence of the split. Throws LabError `analysis/no-predictions` where there are none, or damaged ones. */
  predicted(request: PredictionRequest): Promise<readonly (readonly PredictedMention[])[]>;
  /** The probability of each annotated mention of the split, in order; null if it was not computed. Throws as `predicted` does. */
  probabilities(request: PredictionRequest): Promise<readonly number[] | null>;
}

interface CachedCorpus {
  readonly sentences: CorpusSentences;
  readonly tokens: number;
}

/** Tokens of cached corpora, about 8 bytes each plus the distinct ones: the gene category has 1.2 million. */
const LARGEST_TOKENS = 6_000_000;

export function analysisInputs(store: Store): AnalysisInputs {
  /** Least recently used first. */
  const corpora = new Map<string, CachedCorpus>();
  /** Corpora being read, shared by all concurrent callers. */
  const arriving = new Map<string, Promise<CachedCorpus>>();

  function read(corpusId: string): Promise<CachedCorpus> {
    const known = arriving.get(corpusId);
    if (known !== undefined) return known;
    const reading = readCorpusSentences(store, corpusId)
      .then((sentences) => withTokenCount(shared(sentences)))
      .finally(() => arriving.delete(corpusId));
    arriving.set(corpusId, reading);
    return reading;
  }

  async function corpus(corpusId: string): Promise<CorpusSentences> {
    const existing = corpora.get(corpusId) ?? (await read(corpusId));
    corpora.delete(corpusId);
    corpora.set(corpusId, existing);
    let tokens = [...corpora.values()].reduce((sum, one) => sum + one.tokens, 0);
    for (const [id, one] of corpora) {
      if (tokens <= LARGEST_TOKENS || id === corpusId) break;
      tokens -= one.tokens;
      corpora.delete(id);
    }
    return existing.sentences;
  }

  async function stored(request: PredictionRequest): Promise<StoredPredictions> {
    const found = await readPredictions(store, request);
    if (found === undefined) {
      throw new LabError('analysis/no-predictions', 'What this snapshot predicts is not stored, or damaged.', {
        expected: `predictions of run ${request.runId}, epoch ${request.epoch}, on ${request.split}`,
      });
    }
    return found;
  }

  return {
    sentences: async ({ corpusId, type }, split) => restrictToType((await corpus(corpusId))[split], type),
    predicted: async (request) => unstorePredictions(await stored(request)),
    probabilities: async (request) => (await stored(request)).annotated ?? null,
  };
}

/** Interns tokens: each distinct text is in memory once. */
function shared(sentences: CorpusSentences): CorpusSentences {
  const texts = new Map<string, string>();
  const once = (token: string): string => {
    const known = texts.get(token);
    if (known !== undefined) return known;
    texts.set(token, token);
    return token;
  };
  const ofSplit = (split: Split): Sentence[] =>
    sentences[split].map(({ tokens, mentions }) => ({ tokens: tokens.map(once), mentions }));
  return { train: ofSplit('train'), devel: ofSplit('devel'), test: ofSplit('test') };
}

function withTokenCount(sentences: CorpusSentences): CachedCorpus {
  const ofSplit = (split: Split): number => sentences[split].reduce((sum, { tokens }) => sum + tokens.length, 0);
  return { sentences, tokens: SPLITS.reduce((sum, split) => sum + ofSplit(split), 0) };
}

// Names the job that a question is answered in, and weighs the phases of its work.

export type AnalysisJob = WorkControl;

/** Weighs all `phases` of the work equally in the overall progress. */
export function overPhases<Result>(work: Work<Result>, phases: number): Work<Result> {
  let phase: string | null = null;
  let before = -1;
  return mapWork(work, ({ phase: now, done, of }) => {
    if (now !== phase) before++;
    phase = now;
    return { phase: now, done: before + (of === 0 ? 1 : done / of), of: phases };
  });
}

// Caches the last few results of a costly computation by query.

export interface Recent<Query, Result> {
  /** Returns the cached result for this query, or makes it. Failures are not cached. */
  of(query: Query, make: () => Promise<Result>): Promise<Result>;
}

export function recent<Query, Result>(entries: number): Recent<Query, Result> {
  /** Least recently used first. */
  const results = new Map<string, Result>();
  return {
    async of(query, make) {
      const key = canonicalJson(query);
      const known = results.get(key);
      results.delete(key);
      const result = known ?? (await make());
      results.set(key, result);
      for (const oldest of results.keys()) {
        if (results.size <= entries) break;
        results.delete(oldest);
      }
      return result;
    },
  };
}
