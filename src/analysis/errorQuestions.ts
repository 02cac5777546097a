// Answers questions about right and wrong mentions: a page of them, their counts and scores, and scores by stratum.
import { ERROR_KINDS, errorKinds } from '../metrics/errorKinds.ts';
import { semevalScores } from '../metrics/semevalScores.ts';
import { strataByFrequency, strataByLength, seenBorders, type ScoredMentions } from '../metrics/strata.ts';
import type { Breakdown, BreakdownQuery } from '../schema/breakdown.ts';
import { KIND_CHOICES, RIGHT_CHOICES, SEEN_CHOICES } from '../schema/errorFilter.ts';
import type { ErrorScores, ErrorScoresQuery } from '../schema/errorScores.ts';
import type { ErrorLine, ErrorsPage, ErrorsQuery } from '../schema/errorsQuery.ts';
import type { PredictedMention } from '../schema/storedPredictions.ts';
import type { AnalysisInputs } from './analysisInputs.ts';
import type { AnalysisJob } from './analysisJob.ts';
import { filterTests, judgedMentions, type JudgedMention } from './judgedMentions.ts';
import { trainingFrequencies } from './trainingFrequencies.ts';

/** Each rejects as AnalysisInputs does, with `metrics/sentences` for predictions of other sentences, or with the job's reason. */
export interface ErrorQuestions {
  errors(query: ErrorsQuery, job: AnalysisJob): Promise<ErrorsPage>;
  /** Of each snapshot. */
  scores(query: ErrorScoresQuery): Promise<readonly ErrorScores[]>;
  breakdown(query: BreakdownQuery, job: AnalysisJob): Promise<readonly Breakdown[]>;
}

/** Predictions are read for every question: they may be made anew, with probabilities. */
export function errorQuestions(inputs: AnalysisInputs): ErrorQuestions {
  const frequenciesOf = trainingFrequencies(inputs);

  /** What `of` makes of each snapshot's predictions. */
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
      const found = judgedMentions(sentences, predicted, frequencies).filter(
        (one) => tests.text(one) && tests.type(one),
      );
      const ofKind = found.filter((one) => tests.kind(one));
      const ofSeen = found.filter((one) => tests.seen(one));
      const chosen = ofKind.filter((one) => tests.seen(one) && tests.right(one));
      const lineOf = ({ sentence, gold, rows, frequency }: JudgedMention): ErrorLine => {
        const inSentence = predicted.map((ofSplit) => ofSplit[sentence] ?? []);
        const findings = rows.map((row, place) => {
          if (row === null) return null;
          const { start } = row.predicted ?? { start: null };
          // Predicted mentions are flat, so a start is unique.
          const own = inSentence[place]?.find((mention) => mention.start === start);
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
