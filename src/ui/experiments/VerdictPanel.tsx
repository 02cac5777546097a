// Says which variant is best on a task, whether its difference from the baseline is more than noise, what is missing, and what to do next.
import { taskKey, type TaskComparison } from '../../lab/comparison/comparison.ts';
import { variantName } from '../../lab/state/methodNames.ts';
import { leftOutText, missingText, signedText, verdictSentence } from '../../lab/comparison/differenceWords.ts';
import type { Significance } from '../../metrics/significance/significance.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { Button } from '../parts/Button.tsx';
import { format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { useLabActions } from '../shared/useLab.ts';
import { useDraftChange } from '../train/useDraftChange.ts';
import { bestOn, meanTestF1, useOwnRunIds, type BestResult } from './experiments.ts';
import type { SignificanceState } from './useSignificance.ts';

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
