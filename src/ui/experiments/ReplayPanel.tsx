// Says what ways of finding the slicing rate would have cost on this experiment's whole grids, and what they would have lost in F1.
import { useMemo, useState } from 'react';
import { CartesianGrid, ErrorBar, LabelList, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { Comparison } from '../../lab/comparison/comparison.ts';
import { replayCases, replayPolicies, usualPolicies, type PolicyOutcome } from '../../lab/racing/replay.ts';
import { casesOf, chosenText, letterOf, regretText, replayPoints, shareText } from '../../lab/racing/replayReport.ts';
import { gridsOf } from '../../lab/racing/storedGrids.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { macrotask } from '../../util/clock.ts';
import { amountAxis } from '../charts/axes.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { chartStyle } from '../charts/chartStyle.ts';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';

interface ReplayPanelProps {
  readonly experiment: Comparison;
  readonly records: readonly RunRecord[];
}

/** Nothing where no task has a whole grid. */
export function ReplayPanel({ experiment, records }: ReplayPanelProps) {
  const grids = useMemo(() => gridsOf(experiment, records), [experiment, records]);
  const [outcomes, setOutcomes] = useState<readonly PolicyOutcome[] | null>(null);
  const epochs = Math.min(...grids.map((grid) => grid.epochs));
  if (grids.length === 0 || epochs < 2) return null;
  const replay = async (): Promise<void> => {
    const work = replayPolicies(usualPolicies(epochs), replayCases(grids, false));
    for (;;) {
      const step = work.next();
      if (step.done === true) return setOutcomes(step.value);
      await macrotask();
    }
  };
  const { tasks, cases } = outcomes === null ? { tasks: 0, cases: 0 } : casesOf(outcomes);
  return (
    <section aria-labelledby="replay-title">
      <div className="title-row">
        <h2 id="replay-title">What would racing have cost?</h2>
        <div className="actions">
          <Button onAct={replay}>{outcomes === null ? 'Replay' : 'Replay again'}</Button>
        </div>
      </div>
      <p className="soft">
        {format.counted(grids.length, 'task')} of this experiment {grids.length === 1 ? 'has' : 'have'} every slicing
        rate trained to its end. On these, any search can be replayed without training.
      </p>
      {outcomes !== null && (
        <>
          <ReplayChart outcomes={outcomes} />
          <TableBox label="Searches replayed">
            <thead>
              <tr>
                <th scope="col">Search</th>
                <th scope="col" className="number">
                  Steps
                </th>
                <th scope="col" className="number">
                  Regret in test F1
                </th>
                <th scope="col" className="number">
                  Behind the grid
                </th>
                <th scope="col">Chosen rates</th>
              </tr>
            </thead>
            <tbody>
              {outcomes.map((outcome) => (
                <OutcomeRow key={outcome.name} outcome={outcome} letter={letterIn(outcomes, outcome)} />
              ))}
            </tbody>
          </TableBox>
          <ul className="table-notes">
            <li>
              Means over {format.counted(cases, 'search', 'searches')} of {format.counted(tasks, 'task')}, each seed in
              turn being tried first; in brackets 95 % of bootstrap means over tasks.
            </li>
            <li>
              Steps: of MTL-LS, as a share of all rates and seeds. Regret: the best rate on test minus the chosen one.
            </li>
            <li>Behind the grid: what the best rate on devel of the whole grid has more than the chosen one.</li>
          </ul>
        </>
      )}
    </section>
  );
}

/** The letter of a policy in the chart; null where it was not replayed. */
function letterIn(outcomes: readonly PolicyOutcome[], outcome: PolicyOutcome): string | null {
  const drawn = outcomes.filter(({ refusal }) => refusal === null);
  return outcome.refusal === null ? letterOf(drawn.indexOf(outcome)) : null;
}

function OutcomeRow({ outcome, letter }: { readonly outcome: PolicyOutcome; readonly letter: string | null }) {
  const { name, refusal, regret, behindGrid, cases } = outcome;
  return (
    <tr>
      <th scope="row">
        {letter === null ? '' : `${letter} `}
        {name}
      </th>
      {refusal === null ? (
        <>
          <td className="number">{shareText(outcome)}</td>
          <td className="number">{regretText(regret)}</td>
          <td className="number">{regretText(behindGrid)}</td>
          <td>{chosenText(cases)}</td>
        </>
      ) : (
        <td colSpan={4} className="soft">
          {refusal}
        </td>
      )}
    </tr>
  );
}

function ReplayChart({ outcomes }: { readonly outcomes: readonly PolicyOutcome[] }) {
  const points = replayPoints(outcomes).map(({ name, share, regret }, index) => ({
    name,
    letter: letterOf(index),
    share: 100 * share,
    regret: regret.mean,
    reach: [Math.max(0, regret.mean - regret.interval.low), Math.max(0, regret.interval.high - regret.mean)] as const,
  }));
  return (
    <ChartFrame
      caption="Regret in test F1 by share of the grid’s steps; letters as in the table"
      legend={[{ name: 'search with the interval of its regret', line: { stroke: 'var(--accent)', dash: undefined } }]}
      rows={() => [['search', 'steps %', 'regret'], ...points.map(({ name, share, regret }) => [name, share, regret])]}
      heightPx={280}
      empty={points.length === 0 ? 'No search could be replayed.' : null}
    >
      <ScatterChart margin={{ ...chartStyle.margin, top: 14, right: 24 }} title="Regret by cost of each search">
        <CartesianGrid stroke={chartStyle.grid.stroke} />
        <XAxis
          {...chartStyle.axis}
          dataKey="share"
          type="number"
          name="steps"
          domain={[0, 100]}
          ticks={[0, 20, 40, 60, 80, 100]}
          tickFormatter={(value: number) => `${value} %`}
        />
        <YAxis
          {...chartStyle.yAxis}
          dataKey="regret"
          type="number"
          name="regret"
          {...amountAxis(points.map(({ regret, reach }) => regret + reach[1]))}
        />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => (typeof value === 'number' ? value.toFixed(2) : String(value))}
        />
        <Scatter data={points} fill="var(--accent)" isAnimationActive={false}>
          <ErrorBar dataKey="reach" direction="y" width={6} stroke="var(--accent)" isAnimationActive={false} />
          <LabelList dataKey="letter" position="right" fill="var(--ink)" fontSize={12} />
        </Scatter>
      </ScatterChart>
    </ChartFrame>
  );
}
