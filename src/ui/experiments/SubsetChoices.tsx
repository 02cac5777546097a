// Compares trainings on subsets of the tasks with those on all of them: what devel chooses for each task, and why.
import { useMemo, useState } from 'react';
import { taskKey, type Comparison } from '../../lab/comparison/comparison.ts';
import { askedChoices, choiceRows, chosenSubset, isChoosable, lackingOf } from '../../lab/comparison/taskSubsets.ts';
import { variantName } from '../../lab/state/methodNames.ts';
import { AnalysisWait, PredictOffer } from '../parts/AnalysisWait.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';

interface SubsetChoicesProps {
  readonly experiment: Comparison;
  readonly comparisons: readonly Comparison[];
  /** Ids of the runs of this lab. */
  readonly own: ReadonlySet<string>;
}

export function SubsetChoices({ experiment, comparisons, own }: SubsetChoicesProps) {
  const [version, setVersion] = useState(0);
  const rows = useMemo(
    () => choiceRows(experiment, comparisons).filter((row) => isChoosable(row, own)),
    [experiment, comparisons, own],
  );
  const asked = useMemo(() => askedChoices(rows), [rows]);
  const state = useAnalysis('subsetChoices', rows.length === 0 ? null : asked, version);
  const found = shownAnswer(state) ?? [];
  const lacking = lackingOf(found);
  return (
    <section aria-labelledby="choices-title">
      <h2 id="choices-title">All tasks or a subset?</h2>
      {rows.length === 0 ? (
        <p className="soft">
          Nothing to compare yet: a subset of these tasks, or STL, has to be trained with the same model, settings and
          seeds as all of them.
        </p>
      ) : (
        <>
          {lacking.length > 0 && (
            <PredictOffer lacking={lacking} onEnd={() => setVersion((current) => current + 1)}>
              {format.counted(lacking.length, 'prediction')} on devel {lacking.length === 1 ? 'is' : 'are'} not stored
              yet. Predicting uses the device, like training, and can be cancelled; what is predicted is saved with the
              run.
            </PredictOffer>
          )}
          {state.status !== 'ready' && <AnalysisWait state={state} doing="Comparing on devel sentences" />}
          <TableBox label="All tasks or a subset, chosen by devel">
            <thead>
              <tr>
                <th scope="col">Task</th>
                <th scope="col">Method</th>
                <th scope="col">Trained subsets</th>
                <th scope="col">Chosen by devel, and why</th>
                <th scope="col" className="number">
                  Test F1 of what is chosen
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => {
                const answer = found[index];
                const chosen = answer === undefined ? null : chosenSubset(row, answer);
                return (
                  <tr key={`${taskKey(row.task)} ${variantName(row.variant)}`}>
                    <th scope="row">{taskRefName(row.task)}</th>
                    <td className="nowrap">{variantName(row.variant)}</td>
                    <td>{row.subsets.map(({ name }) => name).join('; ')}</td>
                    <td className="wordy">{chosen?.reason ?? 'not predicted on devel yet'}</td>
                    <td className="number">{chosen?.testF1 == null ? '–' : format.percent(chosen.testF1)}</td>
                  </tr>
                );
              })}
            </tbody>
          </TableBox>
          <ul className="table-notes">
            <li>
              All tasks stay unless the paired bootstrap over devel sentences (10,000 draws, 95 % shared among the
              subsets of a row) finds a subset better; trainings are paired by seed. Only what is chosen has its test F1
              here, and test has no part in the choice.
            </li>
          </ul>
        </>
      )}
    </section>
  );
}
