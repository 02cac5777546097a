// The charts of a shared page: test F1 by slicing rate, and devel F1 by epoch, from the data of the lab's own charts.
import { isCollaborating, isJoint, isSliced, type Method } from '../../schema/methods.ts';
import type { TaskComparison, Variant } from '../comparison/comparison.ts';
import { comparisonCurves, rateCurve, roundsAndSeeds } from '../comparison/comparisonCurves.ts';
import type { StaticChart } from './staticChart.ts';

/** Colours of the rates 0, 0.25, 0.5, 0.75 and 1; those between are mixed. */
const STEPS = 4;
/** Dashes for those rates, so that lines differ without colour. */
const DASHES = ['2 2', '5 2', '9 3 2 3', '14 3', ''] as const;
const STL = { colour: 'stl', dash: '2 3' } as const;
const MTL_XC = { colour: 'mtl-xc', dash: '9 4' } as const;
/** Dashes of the methods beside those of the paper, the joint ones in the colour of MTL-XC. */
const OTHER_DASHES: Partial<Record<Method, string>> = {
  'MTL-PL': '9 3 2 3 2 3',
  'PL-LS': '4 2 1 2',
  AIO: '4 3 1 3 1 3',
  'AIO-LS': '8 2 1 2 1 2',
  CollaboNet: '12 3 4 3',
};
const otherJoint = (method: Method) => ({ colour: 'mtl-xc', dash: OTHER_DASHES[method] ?? '' });
const otherSliced = (method: Method) => ({ colour: 'own', dash: OTHER_DASHES[method] ?? '' });
const SLICED = { colour: 'own', dash: '' } as const;

/** Test F1 by slicing rate with its deviation over seeds and rounds; STL and MTL-XC are levels. Null without a rate to draw. */
export function rateChart(task: TaskComparison): StaticChart | null {
  const { points, stl, mtlXc, others } = rateCurve(task, { split: 'test', over: 'trainings' });
  const all = [points, ...others.map((one) => one.points)].flat();
  if (all.length === 0) return null;
  const rates = all.map(({ rate }) => rate);
  return {
    title: 'Test F1 by slicing rate',
    axes: { x: 'Slicing rate', y: 'Test F1' },
    lines: [
      { sliced: 'MTL-LS', points, style: SLICED },
      ...others.map(({ sliced, points: own }) => ({ sliced, points: own, style: otherSliced(sliced) })),
    ]
      .filter((line) => line.points.length > 0)
      .map(({ sliced, points: own, style }) => ({
        name: sliced,
        ...style,
        points: own.map(({ rate, f1, deviation }) => ({ x: rate, y: f1, deviation })),
        hasDots: true,
      })),
    levels: [
      ...(stl === null ? [] : [{ name: `STL ${stl.toFixed(2)}`, ...STL, y: stl }]),
      ...(mtlXc === null ? [] : [{ name: `MTL-XC ${mtlXc.toFixed(2)}`, ...MTL_XC, y: mtlXc }]),
      ...others.flatMap(({ joint, level }) =>
        level === null ? [] : [{ name: `${joint} ${level.toFixed(2)}`, ...otherJoint(joint), y: level }],
      ),
    ],
    xTicks: [...new Set([0, ...rates, 1])].sort((left, right) => left - right),
    xDigits: 2,
  };
}

/** Devel F1 by epoch of the first round, the mean over the seeds that reached each epoch. Null without devel scores. */
export function develChart(task: TaskComparison): StaticChart | null {
  const { rounds, seeds } = roundsAndSeeds(task);
  const round = rounds[0] ?? 0;
  const curves = comparisonCurves(task, { round, seed: null });
  const epochs = [...new Set(curves.flatMap(({ points }) => points.map(({ epoch }) => epoch)))].sort(
    (left, right) => left - right,
  );
  if (epochs.length === 0) return null;
  const which = [round === 0 ? '' : `, round ${round}`, seeds.length > 1 ? `, mean of ${seeds.length} seeds` : ''];
  return {
    title: `Devel F1 by epoch${which.join('')}`,
    axes: { x: 'Epoch', y: 'Devel F1' },
    lines: curves.map(({ name, variant, points }) => ({
      name,
      ...lineOf(variant),
      points: points.map(({ epoch, f1 }) => ({ x: epoch, y: f1 })),
      hasDots: false,
    })),
    levels: [],
    xTicks: epochs,
    xDigits: 0,
  };
}

function lineOf({ method, rate }: Variant): { readonly colour: string; readonly dash: string } {
  if (method === 'STL') return STL;
  if (isJoint(method)) return method === 'MTL-XC' ? MTL_XC : otherJoint(method);
  if (isCollaborating(method)) return { colour: STL.colour, dash: OTHER_DASHES[method] ?? '' };
  const index = Math.min(1, Math.max(0, rate ?? 0.5)) * STEPS;
  const dash = method === 'MTL-LS' ? (DASHES[Math.round(index)] ?? '') : otherSliced(method).dash;
  return { colour: rateClass(rate ?? 0.5), dash };
}

/** The class of a rate's colour, in hundredths. */
function rateClass(rate: number): string {
  return `rate-${Math.round(100 * Math.min(1, Math.max(0, rate)))}`;
}

/** Rules for the colours of all rates in hundredths that these tasks have. */
export function rateRules(tasks: readonly TaskComparison[]): string {
  const rates = tasks.flatMap(({ variants }) => variants.flatMap(({ method, rate }) => (isSliced(method) ? [rate ?? 0.5] : []))); // prettier-ignore
  const rules = new Map(
    rates.map((rate) => {
      const index = Math.min(1, Math.max(0, rate)) * STEPS;
      const below = Math.floor(index);
      const share = Math.round((index - below) * 100);
      const colour =
        share === 0
          ? `var(--rate-${below})`
          : `color-mix(in oklab, var(--rate-${below + 1}) ${share}%, var(--rate-${below}))`;
      return [rateClass(rate), `.${rateClass(rate)} { stroke: ${colour}; fill: ${colour}; }`];
    }),
  );
  return [...rules.values()].join('\n');
}
