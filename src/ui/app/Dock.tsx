// Shows running jobs and notices in a corner until they are done or dismissed.
import { useSyncExternalStore } from 'react';
import type { Notice } from '../../lab/state/labState.ts';
import { Meter } from '../parts/Meter.tsx';
import { format } from '../shared/format.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

const SEVERITY_WORDS = { error: 'Error', warning: 'Warning', info: 'Note' } as const;

/** A version of the lab that is stored here and waits for an answer. */
export interface NewVersion {
  isWaiting(): boolean;
  subscribe(listener: () => void): () => void;
  /** Reloads the page with it. */
  takeOver(): void;
}

interface DockProps {
  readonly newVersion: NewVersion;
  /** Notices of the page itself, shown after those of the lab. */
  readonly failures: readonly Notice[];
  /** Dismisses one of them. */
  readonly onDismiss: (notice: Notice) => void;
}

export function Dock({ failures, onDismiss, newVersion }: DockProps) {
  const lab = useLabActions();
  const jobs = useLab((state) => state.jobs);
  const notices = useLab((state) => state.notices);
  const dismiss = (notice: Notice) => (failures.includes(notice) ? onDismiss(notice) : lab.dismissNotice(notice.id));
  return (
    <aside className="dock" aria-label="Notices and jobs">
      <div aria-live="polite" className="dock-list">
        {jobs.map((job) => (
          <div key={job.id} className="dock-card">
            <div className="job-label">{job.label}</div>
            <Meter label={job.label} done={job.done} total={job.of} />
            {job.remainingMs !== undefined && <div className="soft">{format.duration(job.remainingMs)} left</div>}
            {job.cancellable === true && (
              <button
                type="button"
                className="button quiet"
                aria-label={`Cancel ${job.label}`}
                onClick={() => lab.cancelJob(job.id)}
              >
                Cancel
              </button>
            )}
          </div>
        ))}
      </div>
      <NewVersionCard newVersion={newVersion} />
      <div className="dock-list" role="log" aria-label="Notices">
        {[...notices, ...failures].map((notice) => (
          <div key={notice.id} className={`dock-card notice ${notice.severity}`}>
            <p>
              <strong className={`severity ${notice.severity}`}>{SEVERITY_WORDS[notice.severity]}</strong>{' '}
              {notice.message}
            </p>
            <button type="button" className="button quiet" aria-label="Dismiss notice" onClick={() => dismiss(notice)}>
              Dismiss
            </button>
          </div>
        ))}
      </div>
    </aside>
  );
}

/** Offers a new version where a reload interrupts nothing: neither a run nor a job, here or in another tab. */
function NewVersionCard({ newVersion }: Pick<DockProps, 'newVersion'>) {
  const isWaiting = useSyncExternalStore(newVersion.subscribe, newVersion.isWaiting);
  const isIdle = useLab(
    ({ opened, owner, activeRunId, queue, jobs }) =>
      opened && owner === 'here' && activeRunId === null && queue.length === 0 && jobs.length === 0,
  );
  return (
    <div role="status">
      {isWaiting && isIdle && (
        <div className="dock-card">
          <p>
            A new version of the lab is ready. It opens when you reload here, or when every tab of the lab is closed.
          </p>
          <button type="button" className="button quiet" onClick={newVersion.takeOver}>
            Reload with it
          </button>
        </div>
      )}
    </div>
  );
}

/** Says that another tab owns the lab, and what that means for this one. */
export function ElsewhereBanner() {
  return (
    <p className="banner" role="status">
      <strong>The lab is open in another tab, which does the training.</strong> Here you can browse: runs appear as last
      saved. When that tab closes, this one takes over automatically.
    </p>
  );
}
