// Is it more than noise? Differences of a comparison's contenders to one of them, judged over sentences and seeds.
import { contenderName } from '../../lab/comparisonTables.ts';
import { isContender, type DifferenceFamily } from '../../lab/differenceFamily.ts';
import { taskKey, type TaskComparison } from '../../lab/comparison.ts';
import { csvText } from '../../lab/tableText.ts';
import { significanceDefaults } from '../../metrics/significance.ts';
import { AnalysisWait } from '../analyse/AnalysisWait.tsx';
import { PredictionGate } from '../analyse/PredictionGate.tsx';
import { DifferenceChart } from '../charts/DifferenceChart.tsx';
import { differenceRows, type JudgedDifference } from '../differenceRows.ts';
import { format } from '../format.ts';
import { taskRefName } from '../runName.ts';
import { saveFile } from '../saveFile.ts';
import type { Judged } from '../useJudged.ts';
import { Button } from './Button.tsx';
import { DifferenceTable } from './DifferenceTable.tsx';

export interface NoiseSectionProps {
  readonly noise: Judged;
  /** The task that is shown; all of the comparison are judged together. */
  readonly task: TaskComparison;
}

export function NoiseSection({ noise, task }: NoiseSectionProps) {
  const { baselines, baseline, onBaseline, family } = noise;
  const tasks = new Set(family.differences.map((one) => taskKey(one.task))).size;
  return (
    <section className="noise" aria-labelledby="noise-title">
      <h2 id="noise-title">Is it more than noise?</h2>
      <div className="filters">
        <label>
          Compared with
          <select
            value={baselines.findIndex((one) => isContender(one, baseline))}
            onChange={(event) => {
              const next = baselines[Number(event.target.value)];
              if (next !== undefined) onBaseline(next);
            }}
          >
            {baselines.map((one, place) => (
              <option key={place} value={place}>
                {contenderName(one)}
              </option>
            ))}
          </select>
        </label>
        <span className="soft">
          {format.counted(family.differences.length, 'difference')} on {format.counted(tasks, 'task')}, judged together
        </span>
      </div>
      <LeftOut leftOut={family.leftOut} baseline={contenderName(baseline)} />
      {family.differences.length === 0 ? (
        <p className="soft">
          There is nothing to compare yet: two methods have to be trained on a task here, with the same seed.
        </p>
      ) : (
        <PredictionGate requests={family.requests} need="mentions">
          <Outcome noise={noise} task={task} />
        </PredictionGate>
      )}
    </section>
  );
}

function Outcome({ noise: { asked, onAsk, judged, family, baseline }, task }: NoiseSectionProps) {
  if (!asked) {
    return (
      <div className="actions">
        <Button kind="primary" onAct={onAsk}>
          Judge the differences
        </Button>
      </div>
    );
  }
  if (judged.status !== 'ready') {
    return (
      <>
        <AnalysisWait state={judged} doing="Testing, swapping and drawing sentences" />
        {judged.status === 'failed' && <Button onAct={onAsk}>Try again</Button>}
      </>
    );
  }
  const all = family.differences.flatMap((difference, place): JudgedDifference[] => {
    const found = judged.answer[place];
    return found === undefined ? [] : [{ difference, found }];
  });
  const shown = all.filter(({ difference }) => taskKey(difference.task) === taskKey(task.task));
  const name = contenderName(baseline);
  const { alpha, draws, resamples, seed } = significanceDefaults;
  return (
    <>
      <p className="finding">{findingText(all, name)}</p>
      {shown.length === 0 ? (
        <p className="soft">On {taskRefName(task.task)} there is nothing to compare.</p>
      ) : (
        <>
          <DifferenceChart task={taskRefName(task.task)} baseline={name} judged={shown} />
          <DifferenceTable
            label={`Differences to ${name} on ${taskRefName(task.task)}`}
            baseline={name}
            judged={shown}
          />
        </>
      )}
      <ul className="table-notes">
        <li>
          Mean test F1 of the selected snapshots, trainings paired by seed and round, and its difference to {name} with
          a bootstrap interval of {100 * (1 - alpha)} % over sentences ({format.count(resamples)} resamples).
        </li>
        <li>
          p over sentences: paired approximate randomisation test, {format.count(draws)} draws, every swap where at most
          16 sentences differ. p over seeds: paired t test of the seeds’ means. Random numbers from seed {seed}.
        </li>
        <li>
          Holm: adjusted for {format.counted(all.length, 'difference')}, those of all tasks. A difference is more than
          noise where the larger of both p, so adjusted, is below {alpha}; with two or three seeds that is seldom
          reached.
        </li>
        <li>± : standard deviation of the paired difference over one source alone, as in the table of spreads.</li>
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

function findingText(judged: readonly JudgedDifference[], baseline: string): string {
  const distinct = judged.filter(({ found }) => found.verdict === 'yes');
  const better = distinct.filter(({ found }) => found.difference.mean > 0).length;
  const worse = distinct.length - better;
  if (distinct.length === 0) {
    return `None of ${format.counted(judged.length, 'difference')} to ${baseline} is more than noise.`;
  }
  const parts = [
    ...(better > 0 ? [`${format.count(better)} better`] : []),
    ...(worse > 0 ? [`${format.count(worse)} worse`] : []),
  ];
  return `${format.count(distinct.length)} of ${format.counted(judged.length, 'difference')} to ${baseline} ${distinct.length === 1 ? 'is' : 'are'} more than noise: ${parts.join(', ')}.`;
}

function LeftOut({ leftOut, baseline }: { readonly leftOut: DifferenceFamily['leftOut']; readonly baseline: string }) {
  const { imported, withoutCorpus, unpaired } = leftOut;
  const reasons = [
    ...(imported > 0
      ? [`${format.counted(imported, 'training')} of result files, whose predictions are not here`]
      : []),
    ...(withoutCorpus > 0
      ? [`${format.counted(withoutCorpus, 'training')} on corpora that are not in the library`]
      : []),
    ...(unpaired > 0
      ? [`${format.counted(unpaired, 'training')} without one of ${baseline} of the same seed and round`]
      : []),
  ];
  return reasons.length === 0 ? null : <p className="soft">Left out: {reasons.join('; ')}.</p>;
}
