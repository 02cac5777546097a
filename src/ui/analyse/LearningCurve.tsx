// Test F1 by the amount of training text, where runs on other shares of it are here.
import { learningCurve } from '../../lab/learningCurve.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import { LearningCurveChart } from '../charts/LearningCurveChart.tsx';
import { useLab } from '../useLab.ts';

export interface LearningCurveProps {
  readonly task: TaskRef;
  /** One run or two. */
  readonly runs: readonly RunRecord[];
  readonly names: readonly string[];
}

export function LearningCurve({ task, runs, names }: LearningCurveProps) {
  const { state } = useLab();
  const pool = state.runs.map(({ record }) => record);
  const curves = runs.map((run) => learningCurve(run, task, pool));
  return (
    <section aria-labelledby="learning-title">
      <h2 id="learning-title">By amount of training text</h2>
      {curves.some((points) => points.length > 1) ? (
        <>
          <LearningCurveChart curves={curves} names={names} />
          <p className="soft">
            Mean ± standard deviation over seeds of the selected snapshots; runs that differ in nothing but the share of
            training sentences and the seed.
          </p>
        </>
      ) : (
        <p className="soft">
          Train the same with a smaller share of the training sentences, a setting of the <a href="#/">training page</a>
          , to see here how F1 grows with them.
        </p>
      )}
    </section>
  );
}
