// The corner where running jobs and notices stand until they are done or dismissed.
import type { Job, Notice } from '../../lab/state/labState.ts';
import { Meter } from '../parts/Meter.tsx';
import { format } from '../shared/format.ts';

const SEVERITY_WORDS = { error: 'Error', warning: 'Warning', info: 'Note' } as const;

interface DockProps {
  readonly jobs: readonly Job[];
  readonly notices: readonly Notice[];
  readonly onCancel: (job: Job) => void;
  readonly onDismiss: (notice: Notice) => void;
}

export function Dock({ jobs, notices, onCancel, onDismiss }: DockProps) {
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
                onClick={() => onCancel(job)}
              >
                Cancel
              </button>
            )}
          </div>
        ))}
      </div>
      <div className="dock-list" role="log" aria-label="Notices">
        {notices.map((notice) => (
          <div key={notice.id} className={`dock-card notice ${notice.severity}`}>
            <p>
              <strong className={`severity ${notice.severity}`}>{SEVERITY_WORDS[notice.severity]}</strong>{' '}
              {notice.message}
            </p>
            <button
              type="button"
              className="button quiet"
              aria-label="Dismiss notice"
              onClick={() => onDismiss(notice)}
            >
              Dismiss
            </button>
          </div>
        ))}
      </div>
    </aside>
  );
}

/** Says that another tab has the lab, and what that means for this one. */
export function ElsewhereBanner() {
  return (
    <p className="banner" role="status">
      <strong>This lab is open in another tab, which does the training.</strong> Here you can look around: runs are
      shown as they were stored last. When that tab is closed, this one takes over by itself.
    </p>
  );
}
