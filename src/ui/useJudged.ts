// Differences of a comparison's contenders to one of them, judged once a person asks, and what tables mark of it.
import { useMemo, useState } from 'react';
import { isContender, differenceFamily, differenceKey } from '../lab/differenceFamily.ts';
import type { ContenderDifference, DifferenceFamily } from '../lab/differenceFamily.ts';
import type { Comparison, Contender } from '../lab/comparison.ts';
import type { Distinction } from '../lab/comparisonTables.ts';
import type { AnalysisQuery } from '../../workers/analyses.ts';
import type { Significance } from '../metrics/significance.ts';
import { canonicalJson } from '../util/fingerprint.ts';
import { useAnalysis, type Analysed } from './useAnalysis.ts';
import { useLab } from './useLab.ts';

/** A contender whatever it was trained for. */
export type Baseline = Pick<Contender, 'method' | 'layers' | 'rate'>;

const STL: Baseline = { method: 'STL', layers: null, rate: null };

export interface Judged {
  /** Contenders that others can be compared with. */
  readonly baselines: readonly Baseline[];
  readonly baseline: Baseline;
  readonly onBaseline: (baseline: Baseline) => void;
  readonly family: DifferenceFamily;
  /** Whether a person asked for it, with the runs as they are. */
  readonly asked: boolean;
  readonly onAsk: () => void;
  /** One for each difference of the family. */
  readonly judged: Analysed<readonly Significance[]>;
  /** Null until differences to STL are judged. */
  readonly distinction: Distinction | null;
}

export function useJudged(comparison: Comparison): Judged {
  const { state } = useLab();
  const { corpora } = state;
  // Statuses change seldom, records at every step.
  const finished = state.runs.flatMap(({ record }) => (record.status === 'finished' ? record.spec.id : [])).join();
  const [chosen, setChosen] = useState<Baseline>(STL);
  const [askedOf, setAskedOf] = useState<string | null>(null);
  const [times, setTimes] = useState(0);
  const baselines = useMemo(() => baselinesOf(comparison), [comparison]);
  const baseline = baselines.find((one) => isContender(one, chosen)) ?? baselines[0] ?? STL;
  const { family, toStl } = useMemo(() => {
    const library = { corpora, runs: new Set(finished.split(',')) };
    const chosenFamily = differenceFamily(comparison, baseline, library);
    const isToStl = isContender(baseline, STL);
    return { family: chosenFamily, toStl: isToStl ? chosenFamily : differenceFamily(comparison, STL, library) };
  }, [comparison, baseline, corpora, finished]);
  const asked = askedOf === finished && family.differences.length > 0;
  const judged = useAnalysis('significance', asked ? queryOf(family) : null, times);
  // The server has these at hand where they were judged before.
  const other = useAnalysis('significance', asked && toStl !== family ? queryOf(toStl) : null, times);
  const ofStl = toStl === family ? judged : other;
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
    judged,
    distinction,
  };
}

function queryOf({ differences }: DifferenceFamily): AnalysisQuery<'significance'> {
  return { differences: differences.map(({ asked }) => asked) };
}

/** Every contender of any task, in the order of the first task that has it. */
function baselinesOf({ tasks }: Comparison): readonly Baseline[] {
  const found = new Map<string, Baseline>();
  for (const { contenders } of tasks) {
    for (const contender of contenders) {
      const { method, layers, rate } = contender;
      const key = canonicalJson([method, layers]);
      if (!found.has(key)) found.set(key, { method, layers, rate });
    }
  }
  return [...found.values()];
}

function distinctionOf({ differences }: DifferenceFamily, found: readonly Significance[]): Distinction {
  const isDistinct = (_: ContenderDifference, place: number): boolean => found[place]?.verdict === 'yes';
  return {
    distinct: new Set(differences.filter(isDistinct).map(({ task, contender }) => differenceKey(task, contender))),
    family: differences.length,
  };
}
