// Tests the differences between a comparison's variants and one of them, for the verdict, the section of statistics and the marks in tables.
import { useMemo, useState } from 'react';
import type { Comparison, Variant } from '../../lab/comparison/comparison.ts';
import { type Distinction } from '../../lab/comparison/comparisonTables.ts';
import { variantName } from '../../lab/state/methodNames.ts';
import {
  baselinesOf,
  differenceFamily,
  isVariant,
  type DifferenceFamily,
} from '../../lab/comparison/differenceFamily.ts';
import { distinctionOf, VERDICT_WORDS, type TestedDifference } from '../../lab/comparison/differenceWords.ts';
import type { Significance } from '../../metrics/significance/significance.ts';
import type { AnalysisQuery } from '../../wire/analysisProtocol.ts';
import { taskRefName } from '../shared/runName.ts';
import { useAnalysis, type Analysed } from '../shared/useAnalysis.ts';
import { useLab } from '../shared/useLab.ts';

/** A variant, regardless of its task. */
type Baseline = Pick<Variant, 'method' | 'layers' | 'rate'>;

const STL: Baseline = { method: 'STL', layers: null, rate: null };

export interface SignificanceState {
  /** Variants that others can be compared with. */
  readonly baselines: readonly Baseline[];
  readonly baseline: Baseline;
  readonly onBaseline: (baseline: Baseline) => void;
  readonly family: DifferenceFamily;
  /** Whether the present runs are tested: once nothing trains, or when the person requests it. */
  readonly asked: boolean;
  readonly onAsk: () => void;
  /** One result per difference of the family. */
  readonly tested: Analysed<readonly Significance[]>;
  /** Null until differences from STL are tested. */
  readonly distinction: Distinction | null;
}

export function useSignificance(comparison: Comparison): SignificanceState {
  const corpora = useLab((state) => state.corpora);
  const finished = useLab(({ runs }) =>
    runs.flatMap(({ record }) => (record.status === 'finished' ? record.spec.id : [])).join(),
  );
  const [chosen, setChosen] = useState<Baseline>(STL);
  const [askedOf, setAskedOf] = useState<string | null>(null);
  const [times, setTimes] = useState(0);
  const baselines = useMemo(() => baselinesOf(comparison), [comparison]);
  const baseline = baselines.find((one) => isVariant(one, chosen)) ?? baselines[0] ?? STL;
  const { family, toStl } = useMemo(() => {
    const library = { corpora, runs: new Set(finished.split(',')) };
    const chosenFamily = differenceFamily(comparison, baseline, library);
    const isToStl = isVariant(baseline, STL);
    return { family: chosenFamily, toStl: isToStl ? chosenFamily : differenceFamily(comparison, STL, library) };
  }, [comparison, baseline, corpora, finished]);
  // A test takes the processor for seconds: it waits until nothing trains, and stays when training begins again.
  const isIdle = useLab((state) => state.activeRunId === null && state.opened);
  if (isIdle && askedOf !== finished) setAskedOf(finished);
  const asked = askedOf === finished && family.differences.length > 0;
  const tested = useAnalysis('significance', asked ? queryOf(family) : null, times);
  // The server caches these if they were tested before.
  const other = useAnalysis('significance', asked && toStl !== family ? queryOf(toStl) : null, times);
  const ofStl = toStl === family ? tested : other;
  const answer = asked && ofStl.status === 'ready' ? ofStl.answer : null;
  const distinction = useMemo(() => answer && distinctionOf(toStl, answer), [toStl, answer]);
  return {
    baselines,
    baseline,
    onBaseline: setChosen,
    family,
    asked,
    onAsk() {
      setAskedOf(finished);
      setTimes((before) => before + 1);
    },
    tested,
    distinction,
  };
}

function queryOf({ differences }: DifferenceFamily): AnalysisQuery<'significance'> {
  return { differences: differences.map(({ asked }) => asked) };
}

/** Returns the rows of the CSV file: unrounded numbers, null for missing ones. */
export function differenceRows(
  tested: readonly TestedDifference[],
  baseline: string,
): readonly (readonly (string | number | null)[])[] {
  const head = [
    // eslint-disable-next-line house/plainWords -- a column name of exported files
    ...['task', 'contender', 'baseline', 'trainings', 'F1', 'baseline F1', 'difference', 'low', 'high'],
    ...['p over sentences', 'Holm', 'p over seeds', 'p of both', 'Holm of both', 'family'],
    ...['deviation over seeds', 'deviation over rounds', 'deviation over snapshots', 'verdict'],
  ];
  const rows = tested.map(({ difference, found }) => {
    const { a, b, sentences, seeds, spread } = found;
    return [
      taskRefName(difference.task),
      variantName(difference.variant),
      baseline,
      difference.asked.trainings.length,
      ...[a.mean, b.mean, found.difference.mean, found.difference.low, found.difference.high],
      ...[sentences.p, sentences.adjusted, seeds?.p ?? null, found.p, found.adjusted, found.family],
      ...[spread.seeds, spread.rounds, spread.snapshots].map((source) => source?.deviation ?? null),
      VERDICT_WORDS[found.verdict],
    ];
  });
  return [head, ...rows];
}
