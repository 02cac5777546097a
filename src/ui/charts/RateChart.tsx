// Draws F1 by slicing rate with its spread, and devel F1 by epoch with one line per slicing rate, beside the methods without a rate.
import { useMemo } from 'react';
import { Brush, CartesianGrid, ErrorBar, Line, LineChart, ReferenceLine, Tooltip, XAxis, YAxis } from 'recharts';
import type { ScoredSplit, TaskComparison } from '../../lab/comparison/comparison.ts';
import {
  comparisonCurves,
  rateCurve,
  reportedName,
  roundsAndSeeds,
  type SpreadOver,
} from '../../lab/comparison/comparisonCurves.ts';
import { isSliced } from '../../schema/methods.ts';
import type { ReportedScore } from '../../schema/resultFile.ts';
import { changedTexts, useInAddress, type AddressTexts } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { ChartFrame, type LegendEntry } from './ChartFrame.tsx';
import { axisOf, boundsIn, ZoomFields } from './ZoomFields.tsx';
import { chartStyle, countAxis, rateStyle, slicedStyle } from './chartStyle.ts';

const SOURCES: readonly (readonly [SpreadOver, string])[] = [
  ['trainings', 'seeds and rounds'],
  ['seeds', 'seeds'],
  ['rounds', 'rounds'],
  ['snapshots', 'last snapshots'],
];
const STL = rateStyle({ method: 'STL', rate: null });
const MTL_XC = rateStyle({ method: 'MTL-XC', rate: null });
/** Thin and in long dashes, with hollow dots: nothing that was trained here is drawn like it. */
const REPORTED = { stroke: 'var(--type-7)', dash: '12 4 2 4' };
const OWN = { stroke: 'var(--accent)', dash: undefined };

const PREFIX = 'rate-';
const SPLIT = `${PREFIX}split`;
const OVER = `${PREFIX}over`;
/** What of the chart is in the address. */
const ADDRESS_NAMES = [SPLIT, OVER, `${PREFIX}from`, `${PREFIX}to`];

function overIn(texts: AddressTexts): SpreadOver {
  return SOURCES.find(([source]) => source === texts[OVER])?.[0] ?? 'trainings';
}

interface RateChartProps {
  readonly task: TaskComparison;
  /** Figures of papers or other programs on the task. */
  readonly reported: readonly ReportedScore[];
}

export function RateChart({ task, reported }: RateChartProps) {
  const [texts, setTexts] = useInAddress(null, ADDRESS_NAMES);
  const split: ScoredSplit = texts[SPLIT] === 'devel' ? 'devel' : 'test';
  const over = overIn(texts);
  const bounds = boundsIn(texts, PREFIX);
  const change = (part: AddressTexts) => setTexts(changedTexts(texts, part));
  const {
    points,
    stl,
    mtlXc,
    others: otherMethods,
  } = useMemo(() => rateCurve(task, { split, over }), [task, split, over]);
  // A deviation may extend beyond 0 or 100, F1 cannot.
  const drawn = points.map((point) => {
    const deviation = point.deviation ?? 0;
    return { ...point, error: [Math.min(deviation, point.f1), Math.min(deviation, 100 - point.f1)] as const };
  });
  // What is reported is a score on test.
  const others = split === 'test' ? reported : [];
  const lines = others.filter(({ rate }) => rate === null);
  const dots = others.flatMap(({ name, rate, f1 }) => (rate === null ? [] : [{ name, rate, reported: f1 }]));
  const axis = axisOf(bounds, [
    ...others.map(({ f1 }) => f1),
    ...drawn.flatMap(({ f1, error: [below, above] }) => [f1 - below, f1 + above]),
    ...[stl, mtlXc, ...otherMethods.map(({ level }) => level)].filter((value) => value !== null),
    ...otherMethods.flatMap((one) => one.points.map(({ f1 }) => f1)),
  ]);
  const word = split === 'test' ? 'Test' : 'Devel';
  return (
    <ChartFrame
      caption={`${word} F1 by slicing rate`}
      legend={[
        ...legendOf(stl, mtlXc, points.length > 0 || otherMethods.length === 0),
        ...otherMethods.flatMap(({ sliced, joint, points: own, level }) => [
          ...(level === null
            ? []
            : [{ name: `${joint} ${format.percent(level)}`, line: rateStyle({ method: joint, rate: null }) }]),
          ...(own.length === 0 ? [] : [{ name: sliced, line: slicedStyle(sliced) }]),
        ]),
        ...lines.map((score) => ({ name: `${reportedName(score)} ${format.percent(score.f1)}`, line: REPORTED })),
        ...(dots.length > 0 ? [{ name: 'MTL-LS, reported', line: REPORTED }] : []),
      ]}
      rows={() => [
        ['method', 'slicing rate', 'layers', 'F1', 'deviation'],
        ...points.map(({ rate, layers, f1, deviation }) => ['MTL-LS', rate, layers, f1, deviation]),
        ['STL', null, null, stl, null],
        ['MTL-XC', null, null, mtlXc, null],
        ...otherMethods.flatMap(({ sliced, joint, points: own, level }) => [
          ...own.map(({ rate, layers, f1, deviation }) => [sliced, rate, layers, f1, deviation]),
          [joint, null, null, level, null],
        ]),
        ...others.map((score) => [reportedName(score), score.rate, null, score.f1, null]),
      ]}
      heightPx={340}
      empty={emptyText(points.length + otherMethods.reduce((sum, one) => sum + one.points.length, 0), split)}
      controls={
        <>
          <label>
            Split
            <select
              value={split}
              onChange={(event) => change({ [SPLIT]: event.target.value === 'test' ? '' : event.target.value })}
            >
              <option value="test">test</option>
              <option value="devel">devel</option>
            </select>
          </label>
          <label>
            Spread over
            <select
              value={over}
              onChange={(event) => change({ [OVER]: event.target.value === 'trainings' ? '' : event.target.value })}
            >
              {SOURCES.map(([source, name]) => (
                <option key={source} value={source}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <ZoomFields
            bounds={bounds}
            onBounds={({ from, to }) => change({ [`${PREFIX}from`]: from, [`${PREFIX}to`]: to })}
          />
        </>
      }
    >
      <LineChart data={drawn} margin={chartStyle.margin} title={`${word} F1 by slicing rate, with STL and MTL-XC`}>
        <CartesianGrid {...chartStyle.grid} />
        <XAxis
          {...chartStyle.axis}
          dataKey="rate"
          type="number"
          domain={[0, 1]}
          padding={{ left: 14, right: 14 }}
          ticks={[...new Set([...points, ...otherMethods.flatMap((one) => one.points)].map(({ rate }) => rate))]}
          tickFormatter={(rate: number) => rate.toFixed(2)}
        />
        <YAxis {...chartStyle.yAxis} {...axis} allowDataOverflow />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value, _name, { payload }) => {
            const { deviation = null } = payload as Partial<(typeof drawn)[number]>;
            return `${format.percent(Number(value))}${deviation === null ? '' : ` ± ${deviation.toFixed(2)}`}`;
          }}
          labelFormatter={(rate) => `slicing rate ${Number(rate).toFixed(2)}`}
        />
        {stl !== null && (
          <ReferenceLine y={stl} stroke={STL.stroke} strokeDasharray={STL.dash ?? ''} strokeWidth={1.5} />
        )}
        {mtlXc !== null && (
          <ReferenceLine y={mtlXc} stroke={MTL_XC.stroke} strokeDasharray={MTL_XC.dash ?? ''} strokeWidth={1.5} />
        )}
        {otherMethods.map(({ joint, level }) => {
          const { stroke, dash } = rateStyle({ method: joint, rate: null });
          return level === null ? null : (
            <ReferenceLine key={joint} y={level} stroke={stroke} strokeDasharray={dash ?? ''} strokeWidth={1.5} />
          );
        })}
        {otherMethods.map(({ sliced, points: own }) => (
          <Line
            key={sliced}
            data={own}
            dataKey="f1"
            name={sliced}
            stroke={slicedStyle(sliced).stroke}
            strokeDasharray={slicedStyle(sliced).dash}
            strokeWidth={2}
            dot={{ r: 3.5, fill: 'var(--paper)', stroke: slicedStyle(sliced).stroke, strokeDasharray: '0' }}
            isAnimationActive={false}
          />
        ))}
        {lines.map(({ name, f1 }, index) => (
          <ReferenceLine key={`${name} ${index}`} y={f1} stroke={REPORTED.stroke} strokeDasharray={REPORTED.dash} />
        ))}
        {dots.length > 0 && (
          <Line
            data={dots}
            dataKey="reported"
            name="MTL-LS, reported"
            stroke={REPORTED.stroke}
            strokeDasharray={REPORTED.dash}
            dot={{ r: 3.5, fill: 'var(--paper)', stroke: REPORTED.stroke, strokeDasharray: '0' }}
            isAnimationActive={false}
          />
        )}
        <Line
          dataKey="f1"
          name="MTL-LS"
          stroke={OWN.stroke}
          strokeWidth={2}
          dot={{ r: 3, fill: OWN.stroke, strokeWidth: 0 }}
          isAnimationActive={false}
        >
          <ErrorBar
            dataKey="error"
            direction="y"
            width={5}
            stroke={OWN.stroke}
            strokeWidth={1.5}
            isAnimationActive={false}
          />
        </Line>
      </LineChart>
    </ChartFrame>
  );
}

function emptyText(points: number, split: ScoredSplit): string | null {
  return points > 0 ? null : `No finished sliced run with a ${split} score yet: the first point comes when one ends.`;
}

function legendOf(stl: number | null, mtlXc: number | null, hasSliced: boolean): readonly LegendEntry[] {
  return [
    ...(stl === null ? [] : [{ name: `STL ${format.percent(stl)}`, line: STL }]),
    ...(mtlXc === null ? [] : [{ name: `MTL-XC ${format.percent(mtlXc)}`, line: MTL_XC }]),
    ...(hasSliced ? [{ name: 'MTL-LS', line: OWN }] : []),
  ];
}

// Draws devel F1 by epoch, one line per slicing rate, with STL and MTL-XC of the same task for comparison.

const CURVES_PREFIX = 'curve-';
const ROUND = `${CURVES_PREFIX}round`;
const SEED = `${CURVES_PREFIX}seed`;
const EPOCHS = `${CURVES_PREFIX}epochs`;
/** What of the chart is in the address. */
const CURVES_ADDRESS_NAMES = [ROUND, SEED, EPOCHS, `${CURVES_PREFIX}from`, `${CURVES_PREFIX}to`];

/** Returns the indexes of the first and the last epoch that are shown, all of them unless the text names two, as `2-5`. */
export function shownEpochs(text: string | undefined, epochs: readonly number[]): readonly [number, number] {
  const [, from, to] = /^(\d{1,6})-(\d{1,6})$/.exec(text ?? '') ?? [];
  const first = epochs.indexOf(Number(from));
  const last = epochs.indexOf(Number(to));
  return first < 0 || last <= first ? [0, Math.max(0, epochs.length - 1)] : [first, last];
}

export function RateCurvesChart({ task }: { readonly task: TaskComparison }) {
  const [texts, setTexts] = useInAddress(null, CURVES_ADDRESS_NAMES);
  const bounds = boundsIn(texts, CURVES_PREFIX);
  const change = (part: AddressTexts) => setTexts(changedTexts(texts, part));
  const { rounds, seeds } = useMemo(() => roundsAndSeeds(task), [task]);
  // Another task may have been trained for fewer rounds and with other seeds.
  const round = rounds.find((known) => String(known) === texts[ROUND]) ?? rounds[0] ?? 0;
  const seed = seeds.find((known) => String(known) === texts[SEED]) ?? null;
  const curves = useMemo(() => comparisonCurves(task, { round, seed }), [task, round, seed]);
  const epochs = [...new Set(curves.flatMap(({ points }) => points.map(({ epoch }) => epoch)))].sort((a, b) => a - b);
  const rows = epochs.map((epoch) => ({
    epoch,
    scores: curves.map(({ points }) => points.find((point) => point.epoch === epoch)?.f1 ?? null),
  }));
  const [firstShown, lastShown] = shownEpochs(texts[EPOCHS], epochs);
  const axis = axisOf(
    bounds,
    curves.flatMap(({ points }) => points.map(({ f1 }) => f1)),
  );
  return (
    <ChartFrame
      caption="Devel F1 by epoch"
      legend={curves.map(({ name, variant }) => ({ name, line: rateStyle(variant) }))}
      rows={() => [
        ['epoch', ...curves.map(({ name }) => name)],
        ...rows.map(({ epoch, scores }) => [epoch, ...scores]),
      ]}
      heightPx={340}
      empty={curves.length === 0 ? 'No epoch with a devel score yet: devel is scored after each epoch.' : null}
      controls={
        <>
          <label>
            Round
            <select
              value={round}
              onChange={(event) =>
                change({ [ROUND]: event.target.value === String(rounds[0]) ? '' : event.target.value })
              }
            >
              {rounds.map((known) => (
                <option key={known} value={known}>
                  {known === 0 ? 'first training' : `round ${known}`}
                </option>
              ))}
            </select>
          </label>
          <label>
            Seed
            <select value={seed ?? ''} onChange={(event) => change({ [SEED]: event.target.value })}>
              <option value="">mean of all</option>
              {seeds.map((known) => (
                <option key={known} value={known}>
                  {known}
                </option>
              ))}
            </select>
          </label>
          <ZoomFields
            bounds={bounds}
            onBounds={({ from, to }) => change({ [`${CURVES_PREFIX}from`]: from, [`${CURVES_PREFIX}to`]: to })}
          />
        </>
      }
    >
      <LineChart data={rows} margin={chartStyle.margin} title="Devel F1 by epoch for each method and slicing rate">
        <CartesianGrid {...chartStyle.grid} />
        <XAxis {...chartStyle.axis} dataKey="epoch" type="number" {...countAxis(epochs[0] ?? 1, epochs.at(-1) ?? 1)} />
        <YAxis {...chartStyle.yAxis} {...axis} allowDataOverflow />
        <Tooltip
          {...chartStyle.tooltip}
          formatter={(value) => format.percent(Number(value))}
          labelFormatter={(epoch) => `epoch ${String(epoch)}`}
        />
        {curves.map(({ name, variant, points }, index) => {
          const { stroke, dash } = rateStyle(variant);
          return (
            <Line
              key={name}
              dataKey={(row: (typeof rows)[number]) => row.scores[index] ?? null}
              name={name}
              stroke={stroke}
              strokeWidth={isSliced(variant.method) ? 2 : 1.5}
              {...(dash === undefined ? {} : { strokeDasharray: dash })}
              dot={points.length === 1 ? { r: 2.5, fill: stroke, strokeWidth: 0 } : false}
              connectNulls
              isAnimationActive={false}
            />
          );
        })}
        {rows.length > 4 && (
          <Brush
            dataKey="epoch"
            height={22}
            travellerWidth={9}
            stroke="var(--ink-soft)"
            fill="var(--paper)"
            ariaLabel="Epochs shown"
            startIndex={firstShown}
            endIndex={lastShown}
            onChange={({ startIndex = 0, endIndex = epochs.length - 1 }) => {
              const isAll = startIndex === 0 && endIndex === epochs.length - 1;
              change({ [EPOCHS]: isAll ? '' : `${epochs[startIndex]}-${epochs[endIndex]}` });
            }}
          />
        )}
      </LineChart>
    </ChartFrame>
  );
}
