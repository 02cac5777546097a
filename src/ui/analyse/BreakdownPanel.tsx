// Precision, recall and F1 by how long mentions are and by how often training has their string, of one run or of two.
import { useState } from 'react';
import { taskOf } from '../../lab/analysableTasks.ts';
import type { StratumScore } from '../../metrics/strata.ts';
import type { Breakdown, BreakdownQuery } from '../../schema/breakdown.ts';
import { StrataChart } from '../charts/StrataChart.tsx';
import { format } from '../format.ts';
import type { PanelProps } from './subject.ts';
import { MEASURES, type Measure } from '../snapshotSpread.ts';
import { useAnalysis } from '../useAnalysis.ts';
import { useLayers } from '../useLayers.ts';
import { AnalysisWait } from './AnalysisWait.tsx';
import { BesideField } from './BesideField.tsx';
import { contendersOf } from './contenders.ts';
import { LearningCurve } from './LearningCurve.tsx';
import { NoSnapshot } from './NoSnapshot.tsx';
import { PredictionGate } from './PredictionGate.tsx';
import { StrataTable } from './StrataTable.tsx';

const MEASURE_WORDS: Readonly<Record<Measure, string>> = { precision: 'Precision', recall: 'Recall', f1: 'F1' };

export function BreakdownPanel({ subject, place }: PanelProps) {
  const [trainOnly, setTrainOnly] = useState(false);
  const [measure, setMeasure] = useState<Measure>('f1');
  const contenders = contendersOf(subject, place, useLayers());
  if (contenders === null) return <NoSnapshot place={place} />;
  const { predictions, runs, names } = contenders;
  const training = { tasks: subject.category.tasks.map(taskOf), trainOnly };
  return (
    <>
      <div className="filters">
        <BesideField subject={subject} place={place} />
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
          Training text is train alone, without devel
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
  /** Whose training text counts. */
  readonly category: string;
}

const SECTIONS: readonly {
  readonly of: keyof Breakdown;
  readonly title: string;
  readonly head: string;
  readonly nameOf: (stratum: StratumScore) => string;
}[] = [
  { of: 'length', title: 'By length in tokens', head: 'Tokens', nameOf: rangeOf },
  { of: 'frequency', title: 'By frequency in training', head: 'Times a mention in training', nameOf: rangeOf },
  {
    of: 'seen',
    title: 'By seen and unseen',
    head: 'String in training',
    nameOf: ({ from }) => (from === 0 ? 'unseen' : 'seen'),
  },
];

function Strata({ query, names, measure, category }: StrataProps) {
  const found = useAnalysis('breakdown', query);
  if (found.status === 'failed' || (found.status === 'working' && found.last === null)) {
    return <AnalysisWait state={found} doing="Sorting mentions into strata" />;
  }
  const answer = (found.status === 'ready' ? found.answer : found.last) ?? [];
  return (
    <>
      <p className="soft lead">
        Recall is sorted by the annotated mention and precision by the predicted one, so one with other borders may be
        missed in one stratum and spurious in another. Training text is that of {category}; strings are told apart by
        case.
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
