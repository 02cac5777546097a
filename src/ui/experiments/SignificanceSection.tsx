// Tests whether differences between a comparison's variants and one of them are more than noise, and draws them with their intervals.
import { CartesianGrid, ErrorBar, ReferenceLine, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import { taskKey, type TaskComparison } from '../../lab/comparison/comparison.ts';
import {
  deviationText,
  findingText,
  isVariant,
  leftOutText,
  probabilityText,
  signedText,
  VERDICT_WORDS,
  type DifferenceFamily,
  type TestedDifference,
} from '../../lab/comparison/differenceFamily.ts';
import { variantName } from '../../lab/state/runViews.ts';
import { significanceDefaults } from '../../metrics/significance/bootstrapIntervals.ts';
import { csvText } from '../../util/csv.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { differenceAxis } from '../charts/ZoomFields.tsx';
import { chartStyle } from '../charts/chartStyle.ts';
import { Term } from '../help/Term.tsx';
import type { TermName } from '../help/helpTexts.ts';
import { AnalysisWait, PredictionGate } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { differenceRows, type SignificanceState } from './VerdictPanel.tsx';

interface DifferenceTableProps {
  readonly label: string;
  readonly baseline: string;
  readonly tested: readonly TestedDifference[];
}

const GROUPS: readonly (readonly [group: string, columns: readonly string[]])[] = [
  ['Test F1', ['Mean', 'Baseline', 'Difference', '95 % interval']],
  ['Over sentences', ['p', 'Holm']],
  ['Over seeds', ['p']],
  ['Both', ['Holm']],
  ['Spread of the difference', ['± seeds', '± rounds', '± snapshots']],
];

/** Columns that are explained where they first occur. */
const COLUMN_TERMS: ReadonlyMap<string, TermName> = new Map([
  ['Test F1 95 % interval', 'bootstrap interval'],
  ['Over sentences p', 'p'],
  ['Over sentences Holm', 'Holm'],
  ['Spread of the difference ± seeds', 'seed'],
]);

/** Lists tested differences of one task: size, significance, spread, and a verdict in words. */
function DifferenceTable({ label, baseline, tested }: DifferenceTableProps) {
  return (
    <TableBox label={label} className="compared differences">
      <thead>
        <tr className="group-row">
          <td colSpan={2} />
          {GROUPS.map(([group, columns]) => (
            <th key={group} scope="colgroup" colSpan={columns.length} className="group">
              {group}
            </th>
          ))}
          <td />
        </tr>
        <tr>
          <th scope="col">Variant</th>
          <th scope="col" className="number">
            Pairs
          </th>
          {GROUPS.flatMap(([group, columns]) =>
            columns.map((name) => (
              <th key={`${group} ${name}`} scope="col" className="number">
                <ColumnName group={group} name={name === 'Baseline' ? baseline : name} />
              </th>
            )),
          )}
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        {tested.map(({ difference: { variant, asked }, found }) => (
          <tr key={variantName(variant)}>
            <th scope="row">{variantName(variant)}</th>
            <td className="number">{format.count(asked.trainings.length)}</td>
            <td className="number">{format.percent(found.a.mean)}</td>
            <td className="number">{format.percent(found.b.mean)}</td>
            <td className="number strong">{signedText(found.difference.mean)}</td>
            <td className="number nowrap">
              {signedText(found.difference.low)} to {signedText(found.difference.high)}
            </td>
            <td className="number nowrap">{probabilityText(found.sentences.p)}</td>
            <td className="number nowrap">{probabilityText(found.sentences.adjusted)}</td>
            <td className="number nowrap">{found.seeds === null ? '–' : probabilityText(found.seeds.p)}</td>
            <td className="number nowrap">{found.seeds === null ? '–' : probabilityText(found.adjusted)}</td>
            <td className="number">{deviationText(found.spread.seeds)}</td>
            <td className="number">{deviationText(found.spread.rounds)}</td>
            <td className="number">{deviationText(found.spread.snapshots)}</td>
            <td className={found.verdict === 'yes' ? 'verdict yes' : 'verdict'}>{VERDICT_WORDS[found.verdict]}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

function ColumnName({ group, name }: { readonly group: string; readonly name: string }) {
  const term = COLUMN_TERMS.get(`${group} ${name}`);
  return term === undefined ? name : <Term name={term}>{name}</Term>;
}

interface SignificanceSectionProps {
  readonly noise: SignificanceState;
  /** The task shown; all tasks of the comparison are tested together. */
  readonly task: TaskComparison;
}

export function SignificanceSection({ noise, task }: SignificanceSectionProps) {
  const { baselines, baseline, onBaseline, family } = noise;
  const tasks = new Set(family.differences.map((one) => taskKey(one.task))).size;
  return (
    <section className="noise" aria-labelledby="noise-title">
      <h2 id="noise-title">Are the differences more than noise?</h2>
      <div className="filters">
        <label>
          Compared with
          <select
            value={baselines.findIndex((one) => isVariant(one, baseline))}
            onChange={(event) => {
              const next = baselines[Number(event.target.value)];
              if (next !== undefined) onBaseline(next);
            }}
          >
            {baselines.map((one, index) => (
              <option key={index} value={index}>
                {variantName(one)}
              </option>
            ))}
          </select>
        </label>
        <span className="soft">
          {format.counted(family.differences.length, 'difference')} on {format.counted(tasks, 'task')}, tested together
        </span>
      </div>
      <LeftOut leftOut={family.leftOut} baseline={variantName(baseline)} />
      {family.differences.length === 0 ? (
        <p className="soft">There is nothing to compare yet: train two methods on the same task with the same seed.</p>
      ) : (
        <PredictionGate requests={family.requests} need="mentions">
          <Outcome noise={noise} task={task} />
        </PredictionGate>
      )}
    </section>
  );
}

function Outcome({ noise: { asked, onAsk, tested, family, baseline }, task }: SignificanceSectionProps) {
  if (!asked) {
    return (
      <div className="actions">
        <Button kind="primary" onAct={onAsk}>
          Test significance
        </Button>
      </div>
    );
  }
  if (tested.status !== 'ready') {
    return (
      <>
        <AnalysisWait state={tested} doing="Running randomisation tests and bootstrap resampling" />
        {tested.status === 'failed' && <Button onAct={onAsk}>Try again</Button>}
      </>
    );
  }
  const all = family.differences.flatMap((difference, index): TestedDifference[] => {
    const found = tested.answer[index];
    return found === undefined ? [] : [{ difference, found }];
  });
  const shown = all.filter(({ difference }) => taskKey(difference.task) === taskKey(task.task));
  const name = variantName(baseline);
  const { alpha, draws, resamples, seed } = significanceDefaults;
  return (
    <>
      <p className="finding">{findingText(all, name)}</p>
      {shown.length === 0 ? (
        <p className="soft">There is nothing to compare on {taskRefName(task.task)}.</p>
      ) : (
        <>
          <DifferenceChart task={taskRefName(task.task)} baseline={name} tested={shown} />
          <DifferenceTable
            label={`Differences from ${name} on ${taskRefName(task.task)}`}
            baseline={name}
            tested={shown}
          />
        </>
      )}
      <ul className="table-notes">
        <li>
          Mean test F1 of the selected snapshots, trainings paired by seed and round, and its difference from {name}{' '}
          with a {100 * (1 - alpha)} % bootstrap interval over sentences ({format.count(resamples)} resamples).
        </li>
        <li>
          p over sentences: paired approximate randomisation test, {format.count(draws)} draws; exact, with all swaps,
          if at most 16 sentences differ. p over seeds: paired t test of the means by seed. Random seed: {seed}.
        </li>
        <li>
          Holm: adjusted for {format.counted(all.length, 'difference')}, across all tasks. A difference is more than
          noise if the larger of the two adjusted p values is below {alpha}, which two or three seeds seldom reach.
        </li>
        <li>±: standard deviation of the paired difference over one source only, as in the table of spreads.</li>
      </ul>
      <div className="actions">
        <Button
          onAct={
            () =>
            saveFile(`differences-to-${format.fileName(name)}.csv`, new Blob([csvText(differenceRows(all, name))], { type: 'text/csv' })) // prettier-ignore
          }
        >
          Save all tasks as CSV
        </Button>
      </div>
    </>
  );
}

function LeftOut({ leftOut, baseline }: { readonly leftOut: DifferenceFamily['leftOut']; readonly baseline: string }) {
  const text = leftOutText(leftOut, baseline);
  return text === null ? null : <p className="soft">{text}</p>;
}

// Draws differences from a baseline with their intervals, one line per variant, around zero.

export interface DifferenceChartProps {
  readonly task: string;
  readonly baseline: string;
  /** Differences on one task. */
  readonly tested: readonly TestedDifference[];
}

interface Point {
  readonly name: string;
  readonly mean: number;
  /** Extent of the interval below and above. */
  readonly reach: readonly [number, number];
  readonly isDistinct: boolean;
}

const STROKE = 'var(--accent)';
const LEGEND = [{ name: 'difference with its interval over sentences', line: { stroke: STROKE, dash: undefined } }];

export function DifferenceChart({ task, baseline, tested }: DifferenceChartProps) {
  const points = tested.map(({ difference, found }): Point => {
    const { mean, low, high } = found.difference;
    return {
      name: variantName(difference.variant),
      mean,
      reach: [Math.max(0, mean - low), Math.max(0, high - mean)],
      isDistinct: found.verdict === 'yes',
    };
  });
  const axis = differenceAxis(points.flatMap(({ mean, reach: [below, above] }) => [mean - below, mean + above]));
  return (
    <ChartFrame
      caption={`Difference in test F1 from ${baseline} on ${task}; filled: more than noise`}
      legend={LEGEND}
      rows={() => differenceRows(tested, baseline)}
      heightPx={56 + 34 * points.length}
      empty={points.length === 0 ? `Nothing on ${task} was compared with ${baseline}.` : null}
    >
      <ScatterChart
        margin={{ ...chartStyle.margin, top: 14 }}
        title={`Difference in test F1 from ${baseline}, with intervals`}
      >
        <CartesianGrid stroke={chartStyle.grid.stroke} horizontal={false} />
        <XAxis
          {...chartStyle.axis}
          dataKey="mean"
          type="number"
          name="difference"
          {...axis}
          tickFormatter={(value: number) => `${value < 0 ? '−' : ''}${Math.abs(value)}`}
        />
        <YAxis {...chartStyle.yAxis} dataKey="name" type="category" name="variant" width={104} reversed />
        <ReferenceLine x={0} stroke="var(--ink-soft)" />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => (typeof value === 'number' ? value.toFixed(2) : String(value))}
        />
        <Scatter data={points} shape={drawPoint} isAnimationActive={false}>
          <ErrorBar
            dataKey="reach"
            direction="x"
            width={6}
            stroke={STROKE}
            strokeWidth={1.5}
            isAnimationActive={false}
          />
        </Scatter>
      </ScatterChart>
    </ChartFrame>
  );
}

interface DrawnPoint {
  readonly cx?: number | undefined;
  readonly cy?: number | undefined;
  readonly payload?: Point;
}

/** Draws a dot, filled where the difference is more than noise. */
function drawPoint({ cx, cy, payload }: DrawnPoint) {
  const fill = payload?.isDistinct === true ? STROKE : 'var(--paper)';
  return <circle cx={cx} cy={cy} r={5} fill={fill} stroke={STROKE} strokeWidth={2} />;
}
