// Answers questions about the mentions of a snapshot: right and wrong ones, their scores by stratum, and how far their confidences can be believed.
import type { Mention, Sentence, Task } from '../data/corpus/corpus.ts';
import {
  atTemperature,
  calibrationOf,
  fitTemperature,
  labelDoubts,
  outcomesOf,
  type LabelDoubt,
  type MentionOutcome,
  type ProbableMention,
} from '../metrics/calibration.ts';
import {
  compareErrors,
  ERROR_KINDS,
  errorKinds,
  seenBorders,
  semevalScores,
  strataByFrequency,
  strataByLength,
  type ErrorRow,
  type Right,
  type ScoredMentions,
} from '../metrics/errorKinds.ts';
import { mentionText } from '../metrics/text/nearIndex.ts';
import type { PredictedMention, PredictionRequest } from '../schema/storedPredictions.ts';
import { LabError } from '../util/labError.ts';
import { recent, type AnalysisInputs, type AnalysisJob } from './analysisInputs.ts';
import {
  KIND_CHOICES,
  RIGHT_CHOICES,
  SEEN_CHOICES,
  type Breakdown,
  type BreakdownQuery,
  type CalibrationAnswer,
  type CalibrationQuery,
  type ErrorFilter,
  type ErrorLine,
  type ErrorScores,
  type ErrorScoresQuery,
  type ErrorsPage,
  type ErrorsQuery,
  type KindChoice,
  type LabelDoubtsPage,
  type LabelDoubtsQuery,
  type RightChoice,
  type SeenChoice,
} from './questions/errorsQuery.ts';

/** A mention with a row of each snapshot, as in `compareErrors`; `right` is null for one snapshot. */
interface MentionFinding {
  readonly sentence: number;
  readonly gold: Mention | null;
  readonly rows: readonly (ErrorRow | null)[];
  readonly right: Right | null;
  /** Training frequency of its string, the annotated one if there is one. */
  readonly frequency: number;
}

/** In text order. Throws `metrics/sentences` if the predictions are of other sentences. */
function errorFindings(
  sentences: readonly Sentence[],
  predictions: readonly (readonly (readonly Mention[])[])[],
  frequencies: ReadonlyMap<string, number>,
): MentionFinding[] {
  const gold = sentences.map(({ mentions }) => mentions);
  const [ofA = [], ofB] = predictions;
  const findings =
    ofB === undefined
      ? errorKinds(gold, ofA).map((row) => ({ sentence: row.sentence, gold: row.gold, rows: [row], right: null }))
      : compareErrors(gold, ofA, ofB).map(({ a, b, ...rest }) => ({ ...rest, rows: [a, b] }));
  return findings.map((one) => {
    const tokens = sentences[one.sentence] ?? { tokens: [] };
    const [mention] = mentionsOf(one);
    return { ...one, frequency: mention === undefined ? 0 : (frequencies.get(mentionText(tokens, mention)) ?? 0) };
  });
}

/** Returns one test for each part of a filter. */
function filterTests(filter: ErrorFilter, sentences: readonly Sentence[]) {
  const wanted = filter.text.trim().toLowerCase();
  return {
    kind: (one: MentionFinding, choice: KindChoice = filter.kind): boolean =>
      choice === 'any' ||
      one.rows.some((row) => row !== null && (choice === 'wrong' ? row.kind !== 'correct' : row.kind === choice)),
    right: ({ right, rows }: MentionFinding, choice: RightChoice = filter.right): boolean =>
      choice === 'any' || (choice === 'differ' ? differ(rows) : right === choice),
    seen: ({ frequency }: MentionFinding, choice: SeenChoice = filter.seen): boolean =>
      choice === 'any' || (choice === 'seen') === frequency > 0,
    text: (one: MentionFinding): boolean => {
      if (wanted === '') return true;
      const tokens = sentences[one.sentence] ?? { tokens: [] };
      return mentionsOf(one).some((mention) => mentionText(tokens, mention).toLowerCase().includes(wanted));
    },
    type: (one: MentionFinding): boolean =>
      filter.type === null || mentionsOf(one).some(({ type }) => type === filter.type),
  };
}

/** Returns the annotated mention, then the predicted ones. */
function mentionsOf({ gold, rows }: Pick<MentionFinding, 'gold' | 'rows'>): Mention[] {
  return [gold, ...rows.map((row) => row?.predicted ?? null)].filter((mention) => mention !== null);
}

function differ([a, b]: MentionFinding['rows']): boolean {
  const [left, right] = [a?.predicted ?? null, b?.predicted ?? null];
  if (left === null || right === null) return left !== right;
  return left.start !== right.start || left.end !== right.end || left.type !== right.type;
}

/** Counts case-sensitive strings, in the form of `mentionText`. Reports tasks read; rejects like AnalysisInputs or with the job's abort reason. */
type TrainingFrequencies = (
  training: { readonly tasks: readonly Task[]; readonly trainOnly: boolean },
  job: AnalysisJob,
) => Promise<ReadonlyMap<string, number>>;

function trainingFrequencies(inputs: AnalysisInputs): TrainingFrequencies {
  const recentFrequencies = recent<Parameters<TrainingFrequencies>[0], ReadonlyMap<string, number>>(2);
  return (training, job) =>
    recentFrequencies.of(training, async () => {
      const { tasks, trainOnly } = training;
      const frequencies = new Map<string, number>();
      for (const [done, task] of tasks.entries()) {
        job.report({ phase: 'counting training mentions', done, of: tasks.length });
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

/** Each rejects like AnalysisInputs, with `metrics/sentences` for predictions of other sentences, or with the job's abort reason. */
interface ErrorQuestions {
  errors(query: ErrorsQuery, job: AnalysisJob): Promise<ErrorsPage>;
  /** For each snapshot. */
  scores(query: ErrorScoresQuery): Promise<readonly ErrorScores[]>;
  breakdown(query: BreakdownQuery, job: AnalysisJob): Promise<readonly Breakdown[]>;
}

/** Reads predictions for every question: they may be recomputed with probabilities. */
export function errorQuestions(inputs: AnalysisInputs): ErrorQuestions {
  const frequenciesOf = trainingFrequencies(inputs);

  /** Applies `of` to each snapshot's predictions. */
  async function ofEach<Answer>(
    { task, predictions }: ErrorScoresQuery,
    of: (scored: ScoredMentions) => Answer,
  ): Promise<readonly Answer[]> {
    const answers: Answer[] = [];
    for (const request of predictions) {
      const sentences = await inputs.sentences(task, request.split);
      const [tokens, gold] = [sentences.map((one) => one.tokens), sentences.map((one) => one.mentions)];
      answers.push(of({ tokens, gold, predicted: await inputs.predicted(request) }));
    }
    return answers;
  }

  return {
    async errors({ task, training, predictions, filter, first, count }, job) {
      const frequencies = await frequenciesOf(training, job);
      const sentences = await inputs.sentences(task, predictions[0].split);
      const predicted: (readonly (readonly PredictedMention[])[])[] = [];
      for (const request of predictions) predicted.push(await inputs.predicted(request));
      job.signal.throwIfAborted();
      const tests = filterTests(filter, sentences);
      const found = errorFindings(sentences, predicted, frequencies).filter(
        (one) => tests.text(one) && tests.type(one),
      );
      const ofKind = found.filter((one) => tests.kind(one));
      const ofSeen = found.filter((one) => tests.seen(one));
      const chosen = ofKind.filter((one) => tests.seen(one) && tests.right(one));
      const lineOf = ({ sentence, gold, rows, frequency }: MentionFinding): ErrorLine => {
        const inSentence = predicted.map((ofSplit) => ofSplit[sentence] ?? []);
        const findings = rows.map((row, index) => {
          if (row === null) return null;
          const { start } = row.predicted ?? { start: null };
          // Predicted mentions are flat, so a start is unique.
          const own = inSentence[index]?.find((mention) => mention.start === start);
          return { kind: row.kind, predicted: own ?? null };
        });
        const { tokens, mentions } = sentences[sentence] ?? { tokens: [], mentions: [] };
        return { sentence, tokens, annotated: mentions, predicted: inSentence, gold, findings, frequency };
      };
      const ofRightAndSeen = ofSeen.filter((one) => tests.right(one));
      const ofKindAndSeen = ofKind.filter((one) => tests.seen(one));
      const ofKindAndRight = ofKind.filter((one) => tests.right(one));
      return {
        first,
        total: chosen.length,
        lines: chosen.slice(first, first + count).map(lineOf),
        kinds: counts(KIND_CHOICES, (choice) => ofRightAndSeen.filter((one) => tests.kind(one, choice)).length),
        rights: counts(RIGHT_CHOICES, (choice) => ofKindAndSeen.filter((one) => tests.right(one, choice)).length),
        seen: counts(SEEN_CHOICES, (choice) => ofKindAndRight.filter((one) => tests.seen(one, choice)).length),
      };
    },

    scores: (query) =>
      ofEach(query, ({ gold, predicted }) => {
        const rows = errorKinds(gold, predicted);
        const kinds = counts(ERROR_KINDS, (kind) => rows.filter((row) => row.kind === kind).length);
        return { kinds, views: semevalScores(gold, predicted) };
      }),

    async breakdown({ training, ...query }, job) {
      const frequencies = await frequenciesOf(training, job);
      return ofEach(query, (scored) => ({
        length: strataByLength(scored),
        frequency: strataByFrequency(scored, frequencies),
        seen: strataByFrequency(scored, frequencies, seenBorders),
      }));
    },
  };
}

function counts<Choice extends string>(choices: readonly Choice[], of: (choice: Choice) => number) {
  return Object.fromEntries(choices.map((choice) => [choice, of(choice)])) as Readonly<Record<Choice, number>>;
}

// Answers questions about confidences: their calibration, and the annotations that are improbable under the tagger.

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
