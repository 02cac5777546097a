// Shows how the slicing rate of a task is searched, rung by rung, and what other ways of finding it would have cost and lost.
import { useMemo, useState } from 'react';
import {
  CartesianGrid,
  ErrorBar,
  LabelList,
  Line,
  LineChart,
  ReferenceLine,
  Scatter,
  ScatterChart,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { taskKey, type Comparison, type TaskComparison } from '../../lab/comparison/comparison.ts';
import { liveRaces, raceSteps, scoreAt, type KnownStandings, type LiveRace } from '../../lab/racing/liveRaces.ts';
import { gridsOf, replayCases, replayPolicies, usualPolicies, type PolicyOutcome } from '../../lab/racing/replay.ts';
import { casesOf, chosenText, letterOf, regretText, replayPoints, shareText } from '../../lab/racing/replayReport.ts';
import { dropReasonText, rateText, rulesText } from '../../metrics/racing/raceWords.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { macrotask } from '../../util/clock.ts';
import { LabError } from '../../util/labError.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { axisOf, NO_BOUNDS } from '../charts/ZoomFields.tsx';
import { amountAxis, chartStyle, countAxis, rateStyle } from '../charts/chartStyle.ts';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';

// Shows how the slicing rate of a task is searched: devel F1 by epoch with the rungs, what was dropped and why, and how many steps that saved.

interface RacePanelProps {
  readonly task: TaskComparison;
  readonly records: readonly RunRecord[];
}

/** The search of a task; nothing where its plans have none. */
export function RacePanel({ task, records }: RacePanelProps) {
  const [known] = useState<KnownStandings>(() => new Map());
  const races = useMemo(() => racesOf(task, records, known), [task, records, known]);
  if (typeof races === 'string') return <p className="problem boxed">{races}</p>;
  return races.map((race, index) => <OneRace key={index} race={race} />);
}

/** The races of the task; text where they cannot be followed. */
function racesOf(
  { task, variants }: TaskComparison,
  records: readonly RunRecord[],
  known: KnownStandings,
): readonly LiveRace[] | string {
  // prettier-ignore
  const sliced = variants.find(({ layers, rate }) => layers !== null && layers > 0 && rate !== null);
  const layerCount =
    sliced?.rate == null || sliced.layers === null ? undefined : Math.round(sliced.layers / sliced.rate);
  const own = records.filter(({ spec }) => spec.method === 'MTL-LS' && spec.tasks.some((one) => taskKey(one) === taskKey(task))); // prettier-ignore
  try {
    return liveRaces(own, () => layerCount, known);
  } catch (error) {
    return `The search for the slicing rate cannot be followed: ${LabError.describe(LabError.toData(error))}`;
  }
}

function OneRace({ race: live }: { readonly race: LiveRace }) {
  const { race, standing } = live;
  const { done, whole } = raceSteps(live);
  const share = whole === null ? '' : ` ${format.count(done)} of the ${format.count(whole)} steps of all rates and seeds (${Math.round((100 * done) / whole)} %) are trained.`; // prettier-ignore
  const outcome =
    standing.chosen === null
      ? 'No rate is chosen yet.'
      : `Rate ${rateText(standing.chosen)} is chosen; only its test scores are read.`;
  return (
    <section aria-label="Search for the slicing rate">
      <h2>Search for the slicing rate</h2>
      <p role="status">
        {outcome}
        {share}
      </p>
      <p className="soft">
        How: {rulesText(race.rules)}. Rates are tried with seed {race.seeds[0]}
        {race.seeds.length > 1
          ? `, those that are left also with ${race.seeds.length > 2 ? 'seeds' : 'seed'} ${race.seeds.slice(1).join(', ')}`
          : ''}
        .
      </p>
      <RaceChart live={live} />
      <TableBox label="Rates of the search">
        <thead>
          <tr>
            <th scope="col">Slicing rate</th>
            <th scope="col" className="number">
              Devel F1
            </th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {race.rates.map((rate) => (
            <tr key={rate}>
              <th scope="row">{rateText(rate)}</th>
              <td className="number">{lastScore(live, rate)}</td>
              <td>{outcomeOf(live, rate)}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
    </section>
  );
}

/** The score that a rate had where it was compared last. */
function lastScore({ standing }: LiveRace, rate: number): string {
  const compared = standing.rungs.findLast(({ scores }) => scores.some((score) => score.rate === rate));
  const score = compared?.scores.find((one) => one.rate === rate);
  return compared === undefined || score === undefined ? '–' : `${format.percent(score.f1)} at epoch ${compared.epoch}`;
}

function outcomeOf({ standing }: LiveRace, rate: number): string {
  const drop = standing.drops.find((one) => one.rate === rate);
  if (drop !== undefined) return `dropped at epoch ${drop.epoch}: ${dropReasonText(drop)}`;
  return standing.chosen === rate ? 'chosen' : 'in the search';
}

function RaceChart({ live: { race, runs, standing } }: { readonly live: LiveRace }) {
  const curves = race.rates.map((rate) => ({ rate, name: `rate ${rateText(rate)}`, style: rateStyle({ method: 'MTL-LS', rate }) })); // prettier-ignore
  const [first] = runs;
  const layers = first === undefined ? 1 : layersIn(runs, race.rates);
  const runOf = (rate: number): RunRecord | undefined =>
    runs.find(
      ({ spec }) => spec.seed === race.seeds[0] && Math.abs((spec.slicing?.layers ?? 0) / layers - rate) < 1e-9,
    );
  const epochs = Array.from({ length: race.epochs }, (_, index) => index + 1);
  const rows = epochs.map((epoch) => ({
    epoch,
    scores: curves.map(({ rate }) => {
      const run = runOf(rate);
      return run === undefined ? null : (scoreAt(run, epoch)?.f1 ?? null);
    }),
  }));
  const isEmpty = rows.every(({ scores }) => scores.every((score) => score === null));
  const axis = axisOf(NO_BOUNDS, rows.flatMap(({ scores }) => scores.flatMap((score) => score ?? []))); // prettier-ignore
  const lastOf = (rate: number): number | undefined => standing.drops.find((drop) => drop.rate === rate)?.epoch;
  return (
    <ChartFrame
      caption={`Devel F1 by epoch with seed ${race.seeds[0]}; a line that ends in a ring was dropped`}
      legend={curves.map(({ name, style }) => ({ name, line: style }))}
      rows={() => [
        ['epoch', ...curves.map(({ name }) => name)],
        ...rows.map(({ epoch, scores }) => [epoch, ...scores]),
      ]}
      heightPx={280}
      empty={isEmpty ? 'No rate has been scored on devel yet.' : null}
    >
      <LineChart data={rows} margin={chartStyle.margin} title="Devel F1 by epoch for each slicing rate, with rungs">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="epoch" type="number" {...countAxis(1, race.epochs)} />
        <YAxis {...chartStyle.yAxis} {...axis} allowDataOverflow />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => format.percent(Number(value))}
          labelFormatter={(epoch) => `epoch ${String(epoch)}`}
        />
        {race.rules.rungs.map((rung) => (
          <ReferenceLine key={rung} x={rung} stroke="var(--ink-soft)" strokeDasharray="3 3" />
        ))}
        {curves.map(({ rate, name, style: { stroke, dash } }, index) => (
          <Line
            key={name}
            dataKey={(row: (typeof rows)[number]) => row.scores[index] ?? null}
            name={name}
            stroke={stroke}
            strokeWidth={2}
            {...(dash === undefined ? {} : { strokeDasharray: dash })}
            dot={({
              cx,
              cy,
              payload,
            }: {
              cx?: number;
              cy?: number;
              payload?: { epoch: number; scores: readonly (number | null)[] };
            }) => {
              const isDrop = payload?.epoch === lastOf(rate) && payload?.scores[index] != null;
              return <circle key={`${name} ${payload?.epoch}`} cx={cx} cy={cy} r={payload?.scores[index] == null ? 0 : isDrop ? 6 : 2.5} fill={isDrop ? 'var(--paper)' : stroke} stroke={stroke} strokeWidth={isDrop ? 2 : 0} />; // prettier-ignore
            }}
            isAnimationActive={false}
          />
        ))}
      </LineChart>
    </ChartFrame>
  );
}

/** The number of layers of the encoder, from a run that shares some. */
function layersIn(runs: readonly RunRecord[], rates: readonly number[]): number {
  const most = Math.max(...runs.map(({ spec }) => spec.slicing?.layers ?? 0));
  return most === 0 ? 1 : most / Math.max(...rates);
}

// Says what ways of finding the slicing rate would have cost on this experiment's whole grids, and what they would have lost in F1.

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
