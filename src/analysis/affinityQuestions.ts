// Answers which tasks help one another, from stored gradients, and which subset of tasks devel speaks for, from stored predictions.
import { chooseSubset } from '../metrics/affinity/subsetChoice.ts';
import { taskAffinity } from '../metrics/affinity/taskAffinity.ts';
import type { SentenceCounts } from '../metrics/scores/sentenceCounts.ts';
import type { PairedCounts } from '../metrics/significance/pairedTraining.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import { readGradients } from '../storage/gradientRecords.ts';
import type { Store } from '../storage/store.ts';
import { macrotask } from '../util/clock.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import { inTurns } from '../util/work.ts';
import type { AnalysisJob } from './analysisJob.ts';
import type { AffinityQuery, AskedChoice, FoundAffinity, FoundChoice } from './questions/affinityQuery.ts';
import { countPredictions, ifNotStored } from './testDifferences.ts';

/** Each rejects with the abort reason of the job's signal. */
export interface AffinityQuestions {
  affinity(query: AffinityQuery, job: AnalysisJob): Promise<FoundAffinity>;
  /** One answer per choice, in order. Rejects like AnalysisInputs, except where nothing is stored, and like `checkPairs`. */
  choices(query: readonly AskedChoice[], job: AnalysisJob): Promise<readonly FoundChoice[]>;
}

export function affinityQuestions(store: Store, inputs: AnalysisInputs): AffinityQuestions {
  return {
    async affinity(query, job) {
      const measured = await readGradients(store, query);
      if (measured === undefined) return { answer: null };
      const { tasks, sequences, dimensions, seed } = measured;
      const affinity = await inTurns(taskAffinity(tasks, seed), job);
      const develSequences = tasks.map(({ devel }) => devel.length);
      return { answer: { sequences, dimensions, seed, affinity, develSequences } };
    },

    async choices(query, { signal, report }) {
      const found: FoundChoice[] = [];
      for (const { task, subsets } of query) {
        const lacking = new Map<string, PredictionRequest>();
        const known = new Map<string, SentenceCounts>();
        const countsOf = async (request: PredictionRequest): Promise<SentenceCounts | null> => {
          const key = JSON.stringify(request);
          const counts = known.get(key) ?? (await countPredictions(request, task, inputs).catch(ifNotStored))?.counts ?? null; // prettier-ignore
          if (counts === null) lacking.set(key, request);
          else known.set(key, counts);
          return counts;
        };
        const paired: PairedCounts[][] = [];
        for (const { trainings } of subsets) {
          const pairs: PairedCounts[] = [];
          for (const training of trainings) {
            const [a, b] = [await countsOf(training.a), await countsOf(training.b)];
            if (a !== null && b !== null) pairs.push({ a, b });
          }
          paired.push(pairs);
        }
        const isWhole = lacking.size === 0 && subsets.length > 0;
        found.push({ choice: isWhole ? chooseSubset(paired) : null, lacking: [...lacking.values()] });
        report({ phase: 'resampling sentences', done: found.length, of: query.length });
        await macrotask();
        signal.throwIfAborted();
      }
      return found;
    },
  };
}
