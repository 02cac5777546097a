// Answers questions about confidences: their calibration, and the annotations that are improbable under the tagger.
import type { Sentence, Task } from '../data/corpus/corpus.ts';
import {
  atTemperature,
  calibrationOf,
  fitTemperature,
  outcomesOf,
  type MentionOutcome,
} from '../metrics/calibration.ts';
import { labelDoubts, type LabelDoubt, type ProbableMention } from '../metrics/labelErrors.ts';
import type { PredictionRequest } from '../schema/storedPredictions.ts';
import { LabError } from '../util/labError.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type {
  CalibrationAnswer,
  CalibrationQuery,
  LabelDoubtsPage,
  LabelDoubtsQuery,
} from './questions/confidenceQuery.ts';

/** Each rejects like AnalysisInputs, and with `analysis/no-predictions` where the probabilities were not computed. */
interface ConfidenceQuestions {
  calibration(query: CalibrationQuery): Promise<CalibrationAnswer>;
  doubts(query: LabelDoubtsQuery): Promise<LabelDoubtsPage>;
}

/** Reads predictions for every question: they may be computed again. */
export function confidenceQuestions(inputs: AnalysisInputs): ConfidenceQuestions {
  async function mentionsOf(request: PredictionRequest): Promise<readonly (readonly ProbableMention[])[]> {
    const predicted = await inputs.predicted(request);
    return predicted.map((mentions) =>
      mentions.map((mention) => ({ ...mention, confidence: known(mention.confidence) })),
    );
  }

  async function outcomes(task: Task, request: PredictionRequest): Promise<readonly MentionOutcome[]> {
    return outcomesOf(await inputs.sentences(task, request.split), await mentionsOf(request));
  }

  async function rank({ task, prediction }: LabelDoubtsQuery) {
    const sentences = await inputs.sentences(task, prediction.split);
    const probabilities = bySentence(known(await inputs.probabilities(prediction)), sentences);
    return { sentences, doubts: labelDoubts(sentences, probabilities, await mentionsOf(prediction)) };
  }

  return {
    async calibration({ task, test, devel }) {
      const onTest = await outcomes(task, test);
      const onDevel = devel === null ? [] : await outcomes(task, devel);
      const before = calibrationOf(onTest);
      if (onDevel.length === 0) return { before, fitted: null };
      const temperature = fitTemperature(onDevel);
      const corrected = onTest.map((one) => ({ ...one, confidence: atTemperature(one.confidence, temperature) }));
      return { before, fitted: { temperature, develMentions: onDevel.length, after: calibrationOf(corrected) } };
    },

    async doubts(query) {
      const { first, count } = query;
      const { sentences, doubts } = await rank(query);
      const lines = doubts.slice(first, first + count).map((doubt: LabelDoubt) => {
        const { tokens = [], mentions = [] } = sentences[doubt.sentence] ?? {};
        return { ...doubt, tokens, mentions };
      });
      return { first, total: doubts.length, lines };
    },
  };
}

function known<Value>(probability: Value | null): Value {
  if (probability !== null) return probability;
  throw new LabError('analysis/no-predictions', 'The probabilities of these mentions were not computed.', {
    expected: 'predictions with probabilities',
    got: 'predictions without',
  });
}

/** Divides the probabilities of all annotated mentions among their sentences. Throws LabError `metrics/sentences` if there are more or fewer. */
function bySentence(
  probabilities: readonly number[],
  sentences: readonly Pick<Sentence, 'mentions'>[],
): readonly (readonly number[])[] {
  const mentions = sentences.reduce((sum, one) => sum + one.mentions.length, 0);
  if (mentions !== probabilities.length) {
    throw new LabError('metrics/sentences', 'The predictions are of other annotations than the corpus has.', {
      expected: `${mentions} annotated mentions`,
      got: `${probabilities.length} probabilities`,
    });
  }
  let at = 0;
  return sentences.map((one) => probabilities.slice(at, (at += one.mentions.length)));
}
