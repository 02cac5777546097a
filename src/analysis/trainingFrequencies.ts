// How often each string is a mention in the training text of tasks.
import type { Task } from '../data/corpus.ts';
import { mentionText } from '../metrics/mentionText.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import { recent } from './recent.ts';

/** Case-sensitive strings, as `mentionText` writes them. Reports tasks read; rejects as AnalysisInputs does or with the job's reason. */
export type TrainingFrequencies = (
  training: { readonly tasks: readonly Task[]; readonly trainOnly: boolean },
  job: AnalysisJob,
) => Promise<ReadonlyMap<string, number>>;

export function trainingFrequencies(inputs: AnalysisInputs): TrainingFrequencies {
  const kept = recent<Parameters<TrainingFrequencies>[0], ReadonlyMap<string, number>>(2);
  return (training, job) =>
    kept.of(training, async () => {
      const { tasks, trainOnly } = training;
      const frequencies = new Map<string, number>();
      for (const [done, task] of tasks.entries()) {
        job.report(done, tasks.length);
        for (const split of trainOnly ? (['train'] as const) : (['train', 'devel'] as const)) {
          for (const sentence of await inputs.sentences(task, split)) {
            for (const mention of sentence.mentions) {
              const text = mentionText(sentence, mention);
              frequencies.set(text, (frequencies.get(text) ?? 0) + 1);
            }
          }
        }
        job.signal.throwIfAborted();
      }
      return frequencies;
    });
}
