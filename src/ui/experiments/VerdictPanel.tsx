// Says which variant is best on a task, whether its difference from the baseline is more than noise, what is missing, and what to do next.
import { useMemo, useState } from 'react';
import { taskKey, type Comparison, type TaskComparison, type Variant } from '../../lab/comparison/comparison.ts';
import {
  baselinesOf,
  differenceFamily,
  distinctionOf,
  isVariant,
  leftOutText,
  missingText,
  signedText,
  VERDICT_WORDS,
  verdictSentence,
  type DifferenceFamily,
  type Distinction,
  type TestedDifference,
} from '../../lab/comparison/differenceFamily.ts';
import { variantName } from '../../lab/state/runViews.ts';
import type { Significance } from '../../metrics/significance/significance.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import type { AnalysisQuery } from '../../wire/analysisProtocol.ts';
import { useAnalysis, type Analysed } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/planDraft.ts';
import { bestOn, meanTestF1, useOwnRunIds, type BestResult } from './experiments.ts';

/** Three seeds are the least that say how much seeds vary. */
const SEEDS_ADDED = 2;

interface VerdictPanelProps {
  readonly task: TaskComparison;
  readonly noise: SignificanceState;
  readonly records: readonly RunRecord[];
}

export function VerdictPanel({ task, noise, records }: VerdictPanelProps) {
  const lab = useLabActions();
  const { trainAgain } = useDraftChange();
  const own = useOwnRunIds();
  const ownIds = records.map(({ spec }) => spec.id).filter((id) => own.includes(id));
  const best = bestOn(task);
  const name = taskRefName(task.task);
  if (best === null) {
    return (
      <section className="panel verdict-panel" aria-labelledby="verdict-title">
        <h2 id="verdict-title">No run on {name} is finished yet</h2>
        <p className="soft">
          The best method is named here once a run ends, and whether it is more than noise once nothing trains. Until
          then devel F1 shows how far each is.
        </p>
      </section>
    );
  }
  const { headline, sentence } = verdictOf(task, best, noise);
  return (
    <section className="panel verdict-panel" aria-labelledby="verdict-title">
      <h2 id="verdict-title">
        Best on {name}: {variantName(best.variant)}, test F1 {format.percent(best.f1)}
        {headline !== null && <span className="headline">{headline}</span>}
      </h2>
      <p className={headline === null ? 'soft' : 'finding'}>{sentence}</p>
      <div className="actions">
        <Button onAct={() => trainAgain(lab.exportPlan(ownIds), SEEDS_ADDED)} disabled={ownIds.length === 0}>
          Add two seeds
        </Button>
        <Button onAct={() => trainAgain(lab.exportPlan(ownIds))} disabled={ownIds.length === 0}>
          Train again with changes
        </Button>
      </div>
    </section>
  );
}

interface VerdictWords {
  /** The difference, such as `+38.40 F1 against STL`; null where none is tested. */
  readonly headline: string | null;
  readonly sentence: string;
}

function verdictOf(task: TaskComparison, best: BestResult, noise: SignificanceState): VerdictWords {
  const baseline = variantName(noise.baseline);
  const name = variantName(best.variant);
  const tested = testedOn(task, noise);
  const found = tested.find((one) => one.name === name)?.found;
  if (found !== undefined) {
    return {
      headline: `${signedText(found.difference.mean)} F1 against ${baseline}`,
      sentence: sentenceOf(name, baseline, found),
    };
  }
  // Where the baseline is the best, the one that comes closest decides.
  const closest = tested.reduce<(typeof tested)[number] | null>(
    (most, one) => (most === null || one.found.difference.mean > most.found.difference.mean ? one : most),
    null,
  );
  if (name === baseline && closest !== null) {
    return {
      headline: `${signedText(closest.found.difference.mean)} F1 for ${closest.name}, the next best`,
      sentence: sentenceOf(closest.name, baseline, closest.found),
    };
  }
  const mean = task.variants.find((variant) => variantName(variant) === baseline);
  const f1 = mean === undefined ? null : meanTestF1(mean);
  const isOther = f1 !== null && name !== baseline;
  return {
    headline: isOther ? `${signedText(best.f1 - f1)} F1 against ${baseline}, not tested` : null,
    sentence: untestedText(noise, name, baseline),
  };
}

function sentenceOf(name: string, baseline: string, found: Significance): string {
  return [verdictSentence(name, baseline, found), missingText(found.verdict)].filter((text) => text !== null).join(' ');
}

/** The tested differences on a task by the name of the variant. */
function testedOn({ task }: TaskComparison, { family, tested }: SignificanceState) {
  if (tested.status !== 'ready') return [];
  return family.differences.flatMap(({ task: of, variant }, index) => {
    const found = tested.answer[index];
    return found === undefined || taskKey(of) !== taskKey(task) ? [] : [{ name: variantName(variant), found }];
  });
}

function untestedText({ family, asked, tested }: SignificanceState, best: string, baseline: string): string {
  const left = leftOutText(family.leftOut, baseline);
  if (family.differences.length === 0 && left !== null) {
    return `Whether this is more than noise cannot be tested here. ${left}`;
  }
  if (family.differences.length === 0) {
    return `There is nothing to compare it with yet: train another method on this task with the same seed.`;
  }
  if (!asked) return 'Whether the differences are more than noise is tested once training is done.';
  if (tested.status === 'failed') return 'The differences could not be tested; see Statistics for the reason.';
  if (tested.status !== 'ready') return `Testing whether the differences are more than noise …`;
  return `The difference of ${best} from ${baseline} cannot be tested; see Statistics for the reason.`;
}

// Tests the differences between a comparison's variants and one of them, for the verdict, the section of statistics and the marks in tables.

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
