// Reads the sentences that a question about entity sets names, and compares their mention strings.
import type { Sentence } from '../data/corpus.ts';
import { entitySets, type EntitySets } from '../metrics/entitySets.ts';
import type { EntitySetsQuery } from '../schema/entitySetsQuery.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';

/** `report` is told how many tasks of the category are read. Rejects as AnalysisInputs does or with the reason of the job's signal. */
export async function readEntitySets(
  query: EntitySetsQuery,
  inputs: AnalysisInputs,
  { signal }: Pick<AnalysisJob, 'signal'>,
  report: (tasksRead: number) => void,
): Promise<EntitySets> {
  const training: { train: readonly Sentence[]; devel: readonly Sentence[] }[] = [];
  for (const task of query.category) {
    report(training.length);
    training.push({ train: await inputs.sentences(task, 'train'), devel: await inputs.sentences(task, 'devel') });
    signal.throwIfAborted();
  }
  const test = await inputs.sentences(query.task, 'test');
  const predicted = query.prediction && (await inputs.predicted(query.prediction));
  return entitySets({ training, test, predicted }, query);
}
