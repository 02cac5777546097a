// Draws devel F1 by epoch, one line per slicing rate, with STL and MTL-XC of the same task for comparison.
import { useMemo } from 'react';
import { Brush, CartesianGrid, Line, LineChart, Tooltip, XAxis, YAxis } from 'recharts';
import type { TaskComparison } from '../../lab/comparison/comparison.ts';
import { comparisonCurves, roundsAndSeeds } from '../../lab/comparison/comparisonCurves.ts';
import { format } from '../shared/format.ts';
import { countAxis } from './axes.ts';
import { ChartFrame } from './ChartFrame.tsx';
import { changedTexts, useInAddress, type AddressTexts } from '../shared/addressTexts.ts';
import { axisOf, boundsIn, ZoomFields } from './ZoomFields.tsx';
import { isSliced } from '../../schema/methods.ts';
import { chartStyle, rateStyle } from './chartStyle.ts';

const PREFIX = 'curve-';
const ROUND = `${PREFIX}round`;
const SEED = `${PREFIX}seed`;
const EPOCHS = `${PREFIX}epochs`;
/** What of the chart is in the address. */
const ADDRESS_NAMES = [ROUND, SEED, EPOCHS, `${PREFIX}from`, `${PREFIX}to`];

/** Returns the indexes of the first and the last epoch that are shown, all of them unless the text names two, as `2-5`. */
export function shownEpochs(text: string | undefined, epochs: readonly number[]): readonly [number, number] {
  const [, from, to] = /^(\d{1,6})-(\d{1,6})$/.exec(text ?? '') ?? [];
  const first = epochs.indexOf(Number(from));
  const last = epochs.indexOf(Number(to));
  return first < 0 || last <= first ? [0, Math.max(0, epochs.length - 1)] : [first, last];
}

export function RateCurvesChart({ task }: { readonly task: TaskComparison }) {
  const [texts, setTexts] = useInAddress(null, ADDRESS_NAMES);
  const bounds = boundsIn(texts, PREFIX);
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
            onBounds={({ from, to }) => change({ [`${PREFIX}from`]: from, [`${PREFIX}to`]: to })}
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
