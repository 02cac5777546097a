// Shows the five entity set ratios of each task of the category, as a radar chart (Figs. 3 and 4 of the paper) and as a table.
import { useState } from 'react';
import { Surface } from 'recharts';
import type { EntitySetsQuery } from '../../analysis/questions/sentencesQuery.ts';
import { taskKey } from '../../lab/comparison/comparison.ts';
import { siblingRun, taskOf } from '../../lab/comparison/crossMatrix.ts';
import { ENTITY_RATIOS, type EntityRatio, type EntitySets } from '../../metrics/entitySets.ts';
import type { RunRecord, TaskRef } from '../../schema/runRecord.ts';
import type { PredictionRequest } from '../../schema/storedPredictions.ts';
import { ChartFrame } from '../charts/ChartFrame.tsx';
import { AnalysisWait, PredictionGate, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { NumberTable } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useLayers } from '../shared/memoryEstimates.ts';
import { methodName, taskRefName } from '../shared/runName.ts';
import { useRunRecords } from '../shared/useLab.ts';
import { RATIO_WORDS } from './RegionStrings.tsx';
import { predictionOf, type Subject } from './SubjectFields.tsx';

interface RatioTableProps {
  readonly lines: readonly RatioLine[];
  readonly weight: 'strings' | 'mentions';
  readonly onToggle: (key: string) => void;
}

/** Lists the five ratios of each task with their meaning; tasks for the radar are chosen here. */
function RatioTable({ lines, weight, onToggle }: RatioTableProps) {
  return (
    <div className="stack">
      <NumberTable
        label="Ratios"
        className="shares"
        columns={['Task', ...ENTITY_RATIOS]}
        rows={lines.map(({ key, task, ratios, lack, isChosen, isSubject }) => ({
          key,
          ...(isSubject && { rowClass: 'overall' }),
          head: (
            <label className="check ratio-task">
              <input type="checkbox" checked={isChosen} disabled={lack !== null} onChange={() => onToggle(key)} />
              <span>
                {taskRefName(task)}
                {lack !== null && <span className="meaning">{lack}</span>}
              </span>
            </label>
          ),
          numbers: ENTITY_RATIOS.map((ratio) => format.ratio(ratios?.[ratio][weight] ?? null)),
        }))}
      />
      <dl className="ratio-words">
        {ENTITY_RATIOS.map((ratio) => (
          <div key={ratio}>
            <dt>
              {ratio} {RATIO_WORDS[ratio].name}
            </dt>
            <dd>
              {RATIO_WORDS[ratio].meaning} <span className="set-sign">{RATIO_WORDS[ratio].formula}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

interface RatioSectionProps extends Pick<EntitySetsQuery, 'prediction' | 'trainOnly' | 'lowerCase'> {
  readonly subject: Subject;
}

export function RatioSection({ subject, prediction, ...options }: RatioSectionProps) {
  const records = useRunRecords();
  const { run, task } = subject;
  const layers = useLayers()(run?.record.spec.model.id ?? '');
  const asked = subject.category.tasks.map((one): AskedTask => {
    if (taskKey(one) === taskKey(task)) return { task: one, run: run?.record ?? null, prediction };
    const sibling = run && siblingRun(one, run.record, records);
    return { task: one, run: sibling?.record ?? null, prediction: sibling && predictionOf(sibling, null) };
  });
  const requests = asked.flatMap(({ prediction: request }) => request ?? []);
  return (
    <section aria-labelledby="ratios-title">
      <h2 id="ratios-title">Ratios</h2>
      {run !== null && asked.length > 1 && (
        <p className="soft">
          Each task is shown with its run of the same method and seed ({methodName(run.record.spec, layers)}, seed{' '}
          {run.record.spec.seed}), if there is one.
        </p>
      )}
      {requests.length === 0 || prediction === null ? (
        <Ratios subject={subject} asked={asked} {...options} />
      ) : (
        <PredictionGate
          requests={requests}
          need="mentions"
          meanwhile={<Ratios subject={subject} asked={asked} {...options} />}
        >
          <Ratios subject={subject} asked={asked} {...options} />
        </PredictionGate>
      )}
    </section>
  );
}

interface AskedTask {
  readonly task: TaskRef;
  /** The run whose predictions represent the task; null without one. */
  readonly run: RunRecord | null;
  readonly prediction: PredictionRequest | null;
}

interface RatiosProps extends Omit<RatioSectionProps, 'prediction'> {
  readonly asked: readonly AskedTask[];
}

function Ratios({ subject, asked, trainOnly, lowerCase }: RatiosProps) {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [weight, setWeight] = useState<'strings' | 'mentions'>('strings');
  const requests = asked.flatMap(({ prediction }) => prediction ?? []);
  const stored = useAnalysis('predictionStates', requests);
  const category = asked.map(({ task }) => taskOf(task));
  const isStored = (request: PredictionRequest | null) =>
    stored.status === 'ready' && request !== null && stored.answer[requests.indexOf(request)] !== 'none';
  const queries = asked.map(({ task, prediction }): EntitySetsQuery => {
    const here = isStored(prediction) ? prediction : null;
    return { task: taskOf(task), category, prediction: here, trainOnly, lowerCase };
  });
  const state = useAnalysis('entitySets', stored.status === 'ready' ? queries : null);
  const answer = shownAnswer(state);
  // Keeps the last answer while a new query is in progress, unless it is for other tasks.
  const sizes = answer?.length === asked.length ? answer : null;
  if (stored.status === 'failed') return <AnalysisWait state={stored} doing="Looking up stored predictions" />;
  if (sizes === null) {
    return state.status === 'ready' ? null : <AnalysisWait state={state} doing="Comparing the sets of each task" />;
  }
  const lines = asked.map(({ task, run, prediction }, index): RatioLine => {
    const key = taskKey(task);
    const ratios = sizes[index]?.ratios ?? null;
    return {
      key,
      task,
      index,
      ratios,
      lack: run === null ? 'no matching run' : isStored(prediction) ? null : 'not predicted yet',
      isChosen: !left.has(key) && isStored(prediction),
      isSubject: key === taskKey(subject.task),
    };
  });
  const toggle = (key: string) => {
    const next = new Set(left);
    if (!next.delete(key)) next.add(key);
    setLeft(next);
  };
  const chosen = lines.filter(({ isChosen }) => isChosen);
  return (
    <>
      {state.status === 'failed' && <AnalysisWait state={state} doing="Comparing the sets of each task" />}
      <div className={lines.some(({ lack }) => lack === null) ? 'sets-pair' : 'stack'}>
        {lines.some(({ lack }) => lack === null) && (
          <RatioRadar
            lines={chosen}
            weight={weight}
            onWeight={setWeight}
            caption={`Ratios of ${subject.category.name}`}
          />
        )}
        <RatioTable lines={lines} weight={weight} onToggle={toggle} />
      </div>
    </>
  );
}

// Draws the five ratios of several tasks as a radar chart, as in Figs. 3 and 4 of the paper.

/** What an axis of the radar shows of a ratio in percent, so that farther out is better on each: 100 at the rim. */
export const BETTER_OUTWARD: Readonly<
  Record<EntityRatio, { readonly name: string; readonly short: string; readonly of: (percent: number) => number }>
> = {
  A: { name: 'A new, found', short: 'A', of: (percent) => percent },
  B: { name: 'B known', short: 'B', of: (percent) => percent },
  C: { name: '100 % − C known, found', short: '100 − C', of: (percent) => 100 - percent },
  D: { name: '100 % − D wrong, not known', short: '100 − D', of: (percent) => 100 - percent },
  E: { name: '100 % − |E| surplus', short: '100 − |E|', of: (percent) => Math.max(0, 100 - Math.abs(percent)) },
};
const DIRECTION =
  'Farther out is better on every axis: C and D are drawn as what they leave of 100 %, E as its distance from 0. B depends on the corpora alone: the more strings are known, the easier the test.';
const TICKS = [0, 25, 50, 75, 100] as const;

export interface RatioLine {
  readonly key: string;
  readonly task: TaskRef;
  /** Index in the category, which determines the colour of the line. */
  readonly index: number;
  readonly ratios: EntitySets['ratios'] | null;
  /** Why there are no predictions; null where there are. */
  readonly lack: string | null;
  readonly isChosen: boolean;
  readonly isSubject: boolean;
}

type Weight = 'strings' | 'mentions';

interface RatioRadarProps {
  readonly lines: readonly RatioLine[];
  readonly caption: string;
  readonly weight: Weight;
  readonly onWeight: (weight: Weight) => void;
}

const DASHES = [undefined, '7 3', '2 3', '10 3 2 3'] as const;
const COLOURS = 8;
const HEIGHT_PX = 380;
/** Width below which names do not fit beside the letters. */
const NARROW_PX = 420;

export function RatioRadar({ lines, caption, weight, onWeight }: RatioRadarProps) {
  return (
    <ChartFrame
      caption={`${caption}, ${weight === 'strings' ? 'by strings' : 'weighted by mentions'}`}
      legend={lines.map((line) => ({ name: taskRefName(line.task), line: lineStyle(line) }))}
      rows={() => [
        ['task', ...ENTITY_RATIOS, ...ENTITY_RATIOS.map((ratio) => `drawn: ${BETTER_OUTWARD[ratio].name}`)],
        ...lines.map((line) => [
          taskRefName(line.task),
          ...ENTITY_RATIOS.map((ratio) => line.ratios?.[ratio][weight] ?? null),
          ...ENTITY_RATIOS.map((ratio) => valueOf(line, ratio, weight)),
        ]),
      ]}
      heightPx={HEIGHT_PX}
      empty={lines.length === 0 ? 'No task is chosen in the table beside.' : null}
      controls={
        <label>
          Count
          <select
            value={weight}
            onChange={(event) => onWeight(event.target.value === 'mentions' ? 'mentions' : 'strings')}
          >
            <option value="strings">strings, as in the paper</option>
            <option value="mentions">mentions</option>
          </select>
        </label>
      }
      note={DIRECTION}
    >
      {(width) => (
        <Radar lines={lines} weight={weight} width={width} title={`${caption}: ratios A to E, farther out is better`} />
      )}
    </ChartFrame>
  );
}

interface RadarProps extends Pick<RatioRadarProps, 'lines' | 'weight'> {
  readonly width: number;
  readonly title: string;
}

/** Drawn without the chart library, whose ten lines would block the page longer than everything else on it. */
function Radar({ lines, weight, width, title }: RadarProps) {
  const centre = { x: width / 2, y: HEIGHT_PX / 2 + 10 };
  const radius = Math.min(width / 2 - (width < NARROW_PX ? 64 : 150), HEIGHT_PX / 2 - 24);
  const reach = (value: number) => (radius * value) / 100;
  const at = (spoke: number, distance: number) => {
    const angle = (2 * Math.PI * spoke) / ENTITY_RATIOS.length;
    return { x: centre.x + distance * Math.sin(angle), y: centre.y - distance * Math.cos(angle) };
  };
  const ring = (distance: number) => pointsText(ENTITY_RATIOS.map((_, spoke) => at(spoke, distance)));
  return (
    <Surface width={width} height={HEIGHT_PX} role="img" aria-label={title}>
      {TICKS.map((tick) => (
        <polygon key={tick} points={ring(reach(tick))} fill="none" stroke="var(--line)" />
      ))}
      <polygon points={ring(radius)} fill="none" stroke="var(--line-strong)" />
      {ENTITY_RATIOS.map((ratio, spoke) => {
        const end = at(spoke, radius);
        const name = at(spoke, radius + 10);
        const side = Math.sign(Math.round(name.x - centre.x));
        return (
          <g key={ratio}>
            <line x1={centre.x} y1={centre.y} x2={end.x} y2={end.y} stroke="var(--line)" />
            <text
              x={name.x}
              y={name.y + (name.y > centre.y ? 8 : 2)}
              fill="var(--ink-soft)"
              fontSize={12}
              textAnchor={side === 0 ? 'middle' : side > 0 ? 'start' : 'end'}
            >
              {width < NARROW_PX ? BETTER_OUTWARD[ratio].short : BETTER_OUTWARD[ratio].name}
            </text>
          </g>
        );
      })}
      {lines.map((line) => {
        const { stroke, dash } = lineStyle(line);
        const points = ENTITY_RATIOS.flatMap((ratio, spoke) => {
          const value = valueOf(line, ratio, weight);
          return value === null ? [] : [{ ratio, value, ...at(spoke, reach(value)) }];
        });
        return (
          <g key={line.key}>
            <polygon
              points={pointsText(points)}
              fill={stroke}
              fillOpacity={line.isSubject ? 0.1 : 0}
              stroke={stroke}
              strokeWidth={line.isSubject ? 2.5 : 1.5}
              strokeDasharray={dash}
            />
            {points.map(({ ratio, value, x, y }) => (
              <circle key={ratio} cx={x} cy={y} r={3} fill={stroke}>
                <title>{`${taskRefName(line.task)}, ${BETTER_OUTWARD[ratio].name}: ${format.ratio(value / 100)}`}</title>
              </circle>
            ))}
          </g>
        );
      })}
      {TICKS.slice(0, -1).map((tick) => (
        <text
          key={tick}
          x={centre.x - 5}
          y={at(0, reach(tick)).y + 3}
          fill="var(--ink-soft)"
          fontSize={12}
          textAnchor="end"
          stroke="var(--paper)"
          strokeWidth={3}
          paintOrder="stroke"
        >
          {tick}
        </text>
      ))}
    </Surface>
  );
}

function pointsText(points: readonly { readonly x: number; readonly y: number }[]): string {
  return points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
}

/** What is drawn, in percent of the radius. */
function valueOf({ ratios }: RatioLine, ratio: EntityRatio, weight: Weight): number | null {
  const value = ratios?.[ratio][weight] ?? null;
  return value === null ? null : BETTER_OUTWARD[ratio].of(100 * value);
}

function lineStyle({ index }: RatioLine) {
  return {
    stroke: `var(--type-${index % COLOURS})`,
    dash: DASHES[(index + Math.floor(index / COLOURS)) % DASHES.length],
  };
}
