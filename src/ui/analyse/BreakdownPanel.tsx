// Shows precision, recall and F1 by the length of mentions and by their frequency in training, for one run or two.
import { useState } from 'react';
import type { Breakdown, BreakdownQuery } from '../../analysis/questions/errorsQuery.ts';
import { learningCurve } from '../../lab/comparison/comparisonCurves.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import type { StratumScore } from '../../metrics/errorKinds.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { LearningCurveChart, StrataChart, stratumValue } from '../charts/StrataChart.tsx';
import { AnalysisWait, NoSnapshot, PredictionGate, useAnalysis } from '../parts/AnalysisWait.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { MEASURES, useRunNaming, type Measure } from '../shared/runName.ts';
import { useRunRecords } from '../shared/useLab.ts';
import { BesideField, comparedSnapshots, type PanelProps } from './SubjectFields.tsx';

interface LearningCurveProps {
  readonly task: TaskRef;
  /** One run or two. */
  readonly runs: readonly RunRecord[];
  readonly names: readonly string[];
}

/** Shows test F1 by the amount of training text, if there are runs on different shares of it. */
function LearningCurve({ task, runs, names }: LearningCurveProps) {
  const pool = useRunRecords();
  const curves = runs.map((run) => learningCurve(run, task, pool));
  return (
    <section aria-labelledby="learning-title">
      <h2 id="learning-title">By amount of training data</h2>
      {curves.some((points) => points.length > 1) ? (
        <>
          <LearningCurveChart curves={curves} names={names} />
          <p className="soft">
            Mean ± standard deviation over seeds, using the selected snapshots of runs that differ only in their share
            of training sentences and their seed.
          </p>
        </>
      ) : (
        <p className="soft">
          To see how F1 grows with the amount of training data, repeat this training with a smaller share of the
          training sentences, a setting on <a href="#/">New</a>.
        </p>
      )}
    </section>
  );
}

const COLUMNS = ['Predicted', 'Correct', 'Precision', 'Recall', 'F1'] as const;

interface StrataTableProps {
  readonly label: string;
  readonly nameOf: (stratum: StratumScore) => string;
  /** Heading of the column that names the strata. */
  readonly head: string;
  /** Scores by run; every run has the same strata. */
  readonly strata: readonly (readonly StratumScore[])[];
  readonly names: readonly string[];
}

/** Lists scores by stratum of mentions, with the counts behind them, for one run or two. */
function StrataTable({ label, nameOf, head, strata, names }: StrataTableProps) {
  const [first = []] = strata;
  return (
    <TableBox label={label} className="strata">
      <thead>
        {strata.length > 1 && (
          <tr className="group-row">
            <td colSpan={2} />
            {names.map((name) => (
              <th key={name} scope="colgroup" colSpan={COLUMNS.length} className="group">
                {name}
              </th>
            ))}
          </tr>
        )}
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" className="number">
            Annotated
          </th>
          {strata.flatMap((_, run) =>
            COLUMNS.map((name) => (
              <th key={`${run}-${name}`} scope="col" className="number">
                {name}
              </th>
            )),
          )}
        </tr>
      </thead>
      <tbody>
        {first.map((stratum, index) => (
          <tr key={stratum.from}>
            <th scope="row">{nameOf(stratum)}</th>
            <td className="number">{format.count(stratum.score.gold)}</td>
            {strata.flatMap((ofRun, run) => {
              const score = ofRun[index]?.score;
              return [
                <td key={`${run}-predicted`} className="number">
                  {format.count(score?.predicted ?? 0)}
                </td>,
                <td key={`${run}-correct`} className="number">
                  {format.count(score?.correct ?? 0)}
                </td>,
                ...MEASURES.map((measure) => (
                  <td key={`${run}-${measure}`} className={`number${measure === 'f1' ? ' strong' : ''}`}>
                    {format.percent(stratumValue(score, measure))}
                  </td>
                )),
              ];
            })}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

const MEASURE_WORDS: Readonly<Record<Measure, string>> = { precision: 'Precision', recall: 'Recall', f1: 'F1' };

export function BreakdownPanel({ subject, route }: PanelProps) {
  const [trainOnly, setTrainOnly] = useState(false);
  const [measure, setMeasure] = useState<Measure>('f1');
  const variants = comparedSnapshots(subject, route, useRunNaming());
  if (variants === null) return <NoSnapshot route={route} />;
  const { predictions, runs, names } = variants;
  const training = { tasks: subject.category.tasks.map(taskOf), trainOnly };
  return (
    <>
      <div className="filters">
        <BesideField subject={subject} route={route} />
        {predictions.length > 1 && (
          <label>
            Bars show
            <select
              value={measure}
              onChange={(event) => setMeasure(MEASURES.find((one) => one === event.target.value) ?? 'f1')}
            >
              {MEASURES.map((one) => (
                <option key={one} value={one}>
                  {MEASURE_WORDS[one]}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="check">
          <input type="checkbox" checked={trainOnly} onChange={(event) => setTrainOnly(event.target.checked)} />
          Count only train as training text, not devel
        </label>
      </div>
      <PredictionGate requests={predictions} need="mentions">
        <Strata
          query={{ task: taskOf(subject.task), predictions, training }}
          names={names}
          measure={measure}
          category={`${subject.category.name}, ${format.counted(training.tasks.length, 'task')}`}
        />
      </PredictionGate>
      <LearningCurve task={subject.task} runs={runs} names={names} />
    </>
  );
}

interface StrataProps {
  readonly query: BreakdownQuery;
  readonly names: readonly string[];
  readonly measure: Measure;
  /** The tasks whose training text counts. */
  readonly category: string;
}

const SECTIONS: readonly {
  readonly of: keyof Breakdown;
  readonly title: string;
  readonly head: string;
  readonly nameOf: (stratum: StratumScore) => string;
}[] = [
  { of: 'length', title: 'By length in tokens', head: 'Tokens', nameOf: rangeOf },
  { of: 'frequency', title: 'By frequency in training', head: 'Occurrences as a mention in training', nameOf: rangeOf },
  {
    of: 'seen',
    title: 'By seen and unseen strings',
    head: 'String in training',
    nameOf: ({ from }) => (from === 0 ? 'unseen' : 'seen'),
  },
];

function Strata({ query, names, measure, category }: StrataProps) {
  const found = useAnalysis('breakdown', query);
  if (found.status === 'failed' || (found.status === 'working' && found.last === null)) {
    return <AnalysisWait state={found} doing="Grouping mentions into strata" />;
  }
  const answer = (found.status === 'ready' ? found.answer : found.last) ?? [];
  return (
    <>
      <p className="soft lead">
        Recall is grouped by the annotated mention and precision by the predicted one, so a mention with wrong
        boundaries can be missed in one stratum and spurious in another. Training text is that of {category}; strings
        are case-sensitive.
      </p>
      {SECTIONS.map(({ of, title, head, nameOf }) => {
        const strata = answer.map((ofRun) => ofRun[of]);
        return (
          <section key={of} aria-labelledby={`${of}-title`}>
            <h2 id={`${of}-title`}>{title}</h2>
            <StrataChart
              caption={`${answer.length > 1 ? MEASURE_WORDS[measure] : 'Scores'} ${title.toLowerCase()}`}
              nameOf={nameOf}
              strata={strata}
              names={names}
              measure={measure}
            />
            <StrataTable
              label={`Scores ${title.toLowerCase()}`}
              head={head}
              nameOf={nameOf}
              strata={strata}
              names={names}
            />
          </section>
        );
      })}
    </>
  );
}

function rangeOf({ from, to }: StratumScore): string {
  if (to === null) return `${from} or more`;
  return from === to ? String(from) : `${from}–${to}`;
}
