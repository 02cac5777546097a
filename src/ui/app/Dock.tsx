// Shows running jobs and notices in a corner until they are done or dismissed; notes go by themselves.
import { useEffect, useEffectEvent, useRef, useSyncExternalStore } from 'react';
import type { Notice, NoticeSubject } from '../../lab/state/labState.ts';
import { Meter } from '../parts/Button.tsx';
import { format } from '../shared/format.ts';
import { routeHref, type Route } from '../shared/route.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

const SEVERITY_WORDS = { error: 'Error', warning: 'Warning', info: 'Note' } as const;

/** How long a note can be read that nobody points at. */
const noteMs = 12_000;
const CONTROLS = ':is(header, main, .strip) :is(a, button, input, select, textarea, summary)';

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
  const dock = useRef<HTMLElement>(null);
  useRoom(dock);
  return (
    <aside ref={dock} className="dock" aria-label="Notices and jobs">
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
          <NoticeCard key={notice.id} notice={notice} onDismiss={() => dismiss(notice)} />
        ))}
      </div>
    </aside>
  );
}

interface NoticeCardProps {
  readonly notice: Notice;
  readonly onDismiss: () => void;
}

function NoticeCard({ notice: { severity, message, about }, onDismiss }: NoticeCardProps) {
  const card = useRef<HTMLDivElement>(null);
  const dismiss = useEffectEvent(onDismiss);
  useEffect(() => {
    if (severity !== 'info') return;
    let timer = setTimeout(function leave() {
      // What is being read stays.
      if (card.current?.parentElement?.matches(':hover, :focus-within') === true) timer = setTimeout(leave, noteMs);
      else dismiss();
    }, noteMs);
    return () => clearTimeout(timer);
  }, [severity]);
  const link = about === undefined ? null : subjectLink(about);
  return (
    <div ref={card} className={`dock-card notice ${severity}`}>
      <p>
        <strong className={`severity ${severity}`}>{SEVERITY_WORDS[severity]}</strong> {message}
        {link !== null && (
          <>
            {' '}
            <a href={routeHref(link.route)}>{link.text}</a>
          </>
        )}
      </p>
      <button type="button" className="button quiet" aria-label="Dismiss notice" onClick={onDismiss}>
        Dismiss
      </button>
    </div>
  );
}

function subjectLink(subject: NoticeSubject): { readonly route: Route; readonly text: string } {
  switch (subject.kind) {
    case 'corpus':
      return { route: { page: 'corpus', corpusId: subject.id }, text: 'Look at it' };
    case 'corpora':
    case 'models':
    case 'dictionaries':
      return { route: { page: 'library', section: subject.kind }, text: 'Open the library' };
    case 'tagging':
      return { route: { page: 'tag' }, text: 'Open Tag' };
  }
}

/** Where the dock can be, as classes, from its usual corner on. */
const CORNERS = [[], ['left'], ['top'], ['top', 'left']] as const;

/**
 * Puts the dock, when it fills, in the first corner of the window where it covers no control, and tells the page its height there, so that what is
 * under it can be scrolled past it and focus never goes below.
 */
function useRoom(dock: React.RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const box = dock.current;
    if (box === null) return;
    let height = 0;
    const { style } = document.documentElement;
    const observer = new ResizeObserver(() => {
      if (height === 0 && box.offsetHeight > 0) chooseCorner(box);
      height = box.offsetHeight;
      const isTop = box.classList.contains('top');
      style.setProperty('--dock-height', `${isTop ? 0 : height}px`);
      style.setProperty('--dock-height-top', `${isTop ? height : 0}px`);
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [dock]);
}

/** Moves the box to the first corner without controls, below what is in front of the page at its top; to the usual one if there is none. */
function chooseCorner(box: HTMLElement): void {
  // The strip scrolls away, the header stays.
  const frame = [...document.querySelectorAll('.header, .strip')].map((bar) => bar.getBoundingClientRect().bottom);
  document.documentElement.style.setProperty('--dock-top', `${Math.max(0, ...frame)}px`);
  const controls = [...document.querySelectorAll(CONTROLS)].map((control) => control.getBoundingClientRect());
  const goTo = (corner: readonly string[]): void => {
    for (const name of ['left', 'top']) box.classList.toggle(name, corner.includes(name));
  };
  const coversNone = (corner: readonly string[]): boolean => {
    goTo(corner);
    const { top, bottom, left, right } = box.getBoundingClientRect();
    return !controls.some((one) => one.left < right && one.right > left && one.top < bottom && one.bottom > top);
  };
  goTo(CORNERS.find(coversNone) ?? []);
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
