// Sentences of a split as annotated, beside what snapshots predict in them.
import type { Mention, Split, Task } from '../data/corpus.ts';
import type { PredictionRequest } from '../schema/predictionRequest.ts';
import type { PredictedMention } from '../schema/storedPredictions.ts';
import type { AnalysisInputs } from './analysisInputs.ts';

/** In the order of `indices`; those that the split does not have are left out. Throws as AnalysisInputs does. */
export async function sentencesBeside(
  query: {
    readonly task: Task;
    readonly split: Split;
    readonly indices: readonly number[];
    readonly predictions: readonly PredictionRequest[];
  },
  inputs: AnalysisInputs,
) {
  const sentences = await inputs.sentences(query.task, query.split);
  const predicted: (readonly (readonly PredictedMention[])[])[] = [];
  for (const request of query.predictions) predicted.push(await inputs.predicted(request));
  return query.indices.flatMap((index) => {
    const sentence = sentences[index];
    if (sentence === undefined) return [];
    const { tokens, mentions }: { readonly tokens: readonly string[]; readonly mentions: readonly Mention[] } =
      sentence;
    return [{ index, tokens, mentions, predicted: predicted.map((ofSplit) => ofSplit[index] ?? []) }];
  });
}
