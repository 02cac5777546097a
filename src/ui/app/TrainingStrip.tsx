// Shows on every page what trains, how far it is and what waits, offers what is paused, and says the same in the title and the icon of the tab.
import { useEffect, useState } from 'react';
import { describedBy } from '../../lab/runs/descriptionRecords.ts';
import { isQueueStuck } from '../../lab/runs/scheduler.ts';
import type { LabState } from '../../lab/state/labState.ts';
import { Button, Meter } from '../parts/Button.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { methodName, runName, runProgress, useRunNaming } from '../shared/runName.ts';
import { shallow, useLab, useLabActions } from '../shared/useLab.ts';
import { warnBeforeLeaving } from '../shared/viewState.ts';

/** What the strip shows: equal from step to step until a digit of it changes. */
interface Training {
  readonly runId: string;
  /** Whole percent of the run's steps. */
  readonly percent: number;
  /** Time left of this run, in words; empty while it is not known. */
  readonly left: string;
  /** Number of runs that wait for the device. */
  readonly waiting: number;
}

function trainingOf({ activeRunId, runs, queue }: LabState): Training | null {
  const run = activeRunId === null ? undefined : runs.find(({ record }) => record.spec.id === activeRunId);
  if (run === undefined || activeRunId === null) return null;
  const remainingMs = run.live?.remainingMs ?? null;
  return {
    runId: activeRunId,
    percent: Math.floor(100 * runProgress(run.record)),
    left: remainingMs === null ? '' : `${format.duration(coarse(remainingMs))} left`,
    waiting: queue.length,
  };
}

const MINUTE_MS = 60_000;

/** Rounds up to ten seconds, or from two minutes on to minutes. */
function coarse(durationMs: number): number {
  const unitMs = durationMs < 2 * MINUTE_MS ? 10_000 : MINUTE_MS;
  return Math.ceil(durationMs / unitMs) * unitMs;
}

function sameTraining(left: Training | null, right: Training | null): boolean {
  return left === right || (left !== null && right !== null && shallow(left, right));
}

/** `title`: the name of the page, without what trains. */
export function TrainingStrip({ title }: { readonly title: string }) {
  const training = useLab(trainingOf, sameTraining);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  useTabSigns(title, training?.percent ?? null);
  const isTraining = training !== null && !isElsewhere;
  useEffect(() => (isTraining ? warnBeforeLeaving() : undefined), [isTraining]);
  useEndNotification();
  if (isElsewhere) return null;
  return training === null ? <PausedStrip /> : <ActiveStrip training={training} />;
}

function ActiveStrip({ training: { runId, percent, left, waiting } }: { readonly training: Training }) {
  const lab = useLabActions();
  const { layersOf, givenName } = useRunNaming();
  const spec = useLab(({ runs }) => runs.find(({ record }) => record.spec.id === runId)?.record.spec);
  if (spec === undefined) return null;
  const given = givenName(runId);
  const facts = [
    `${percent} %`,
    ...(left === '' ? [] : [left]),
    ...(waiting === 0 ? [] : [`${format.counted(waiting, 'run')} waiting`]),
  ];
  return (
    <div className="strip" role="region" aria-label="Training">
      <div className="strip-inner">
        <span className="strip-run">
          Training <a href={routeHref({ page: 'run', runId })}>{given ?? runName(spec)}</a>{' '}
          <span className="soft">
            {given !== undefined && `${runName(spec)}, `}
            {methodName(spec, layersOf(spec.model.id))}, seed {spec.seed}
          </span>
        </span>
        <Meter label="Training progress" done={percent} total={100} />
        <span className="soft nowrap">{facts.join(' · ')}</span>
        <span className="actions">
          <NotifyButton />
          <Button kind="quiet" onAct={lab.pauseAll}>
            {waiting === 0 ? 'Pause' : 'Pause all'}
          </Button>
        </span>
      </div>
    </div>
  );
}

/** Offers to continue what was paused, wherever the person is. */
function PausedStrip() {
  const lab = useLabActions();
  const paused = useLab(
    ({ runs, storageFullRun }) =>
      storageFullRun === null
        ? runs.flatMap(({ record }) => (record.status === 'paused' ? [record.spec.id] : []))
        : NONE,
    shallow,
  );
  if (paused.length === 0) return null;
  return (
    <div className="strip" role="region" aria-label="Training">
      <div className="strip-inner">
        <span className="strip-run">
          {format.counted(paused.length, 'run')} {paused.length === 1 ? 'is' : 'are'} paused.
        </span>
        <span className="actions">
          <Button kind="quiet" onAct={() => lab.resumeAll(paused)}>
            Continue training
          </Button>
        </span>
      </div>
    </div>
  );
}

const NONE: readonly string[] = [];

/** Puts the progress before the title of the tab, and into its icon. */
function useTabSigns(title: string, percent: number | null): void {
  useEffect(() => {
    document.title = `${percent === null ? '' : `${percent} % · `}${title} · BioNER Lab`;
  }, [title, percent]);
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (icon === null || percent === null) return;
    const { href, type } = icon;
    icon.type = 'image/svg+xml';
    icon.href = progressIcon(percent);
    return () => {
      icon.type = type;
      icon.href = href;
    };
  }, [percent]);
}

/** A ring that fills clockwise from the top, as a data URL. */
function progressIcon(percent: number): string {
  const circumference = 2 * Math.PI * 12;
  const ring = `<circle cx="16" cy="16" r="12" fill="none" stroke="#8aa" stroke-opacity=".4" stroke-width="7"/>`;
  const done = `<circle cx="16" cy="16" r="12" fill="none" stroke="#0b8a91" stroke-width="7" stroke-dasharray="${((circumference * percent) / 100).toFixed(1)} 99" transform="rotate(-90 16 16)"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${ring}${done}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/** Absent in some browsers, and in pages that are not served securely. */
const notifications = (): typeof Notification | undefined =>
  'Notification' in window ? window.Notification : undefined;

/** Asks for permission to notify; gone once the browser has an answer. */
function NotifyButton() {
  const [permission, setPermission] = useState(() => notifications()?.permission ?? 'denied');
  if (permission !== 'default') return null;
  return (
    <Button kind="quiet" onAct={async () => setPermission((await notifications()?.requestPermission()) ?? 'denied')}>
      Notify me when done
    </Button>
  );
}

/** Notifies when nothing trains any more, of a person who looks elsewhere. */
function useEndNotification(): void {
  const lab = useLabActions();
  useEffect(() => {
    let active = lab.getState().activeRunId;
    return lab.subscribe(() => {
      const state = lab.getState();
      if (state.activeRunId === active) return;
      const ended = active;
      active = state.activeRunId;
      if (ended === null || active !== null || (state.queue.length > 0 && !isQueueStuck(state))) return;
      const record = state.runs.find((run) => run.record.spec.id === ended)?.record;
      const Notify = notifications();
      if (record === undefined || document.hasFocus() || Notify?.permission !== 'granted') return;
      const body = `BioNER Lab: ${describedBy(state, 'runs')(ended).name ?? runName(record.spec)}`;
      if (record.status === 'finished') new Notify('Training is done', { body });
      else if (record.status === 'failed') new Notify('A run failed', { body });
    });
  }, [lab]);
}
