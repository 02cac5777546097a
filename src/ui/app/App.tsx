// Draws the frame of the page: header with the four places of the lab, current page, notices, and the drop target of the window.
import { Component, lazy, Suspense, useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import type { BackendState, Lab, Notice } from '../../lab/state/labState.ts';
import { LabError, type LabErrorData } from '../../util/labError.ts';
import { HelpButton } from '../help/HelpButton.tsx';
import { ActContext, type Act } from '../parts/Button.tsx';
import { BringInContext, DropHereContext, WindowDrop, type BringIn } from '../parts/DropZone.tsx';
import { backendName } from '../shared/format.ts';
import { AwakeContext, useKeepAwake } from '../shared/keepAwake.ts';
import { goTo, pageKey, routeHref, useRoute, type Route } from '../shared/route.ts';
import { LabContext, useLab, useLabActions } from '../shared/useLab.ts';
import { forgetDrafts, useDraft } from '../shared/viewState.ts';
import {
  DraftChangeContext,
  draftOfPlan,
  draftWith,
  followCorpora,
  isPlanDraft,
  newPlanDraft,
  type PlanDraft,
} from '../train/planDraft.ts';
import { Dock, ElsewhereBanner, type NewVersion } from './Dock.tsx';
import { Pages, TITLES } from './Pages.tsx';
import './theme.css';
import './lab.css';
import './frame.css';
import '../parts/controls.css';
import '../parts/forms.css';
import '../library/library.css';
import '../runs/runs.css';
import '../experiments/experiments.css';
import '../tag/tag.css';
import '../analyse/analyse.css';

/** Loads after the page is shown: nothing trains before. */
const TrainingStrip = lazy(async () => ({ default: (await import('./TrainingStrip.tsx')).TrainingStrip }));

interface PageGuardState {
  readonly error: LabErrorData | null;
}

/** Catches a page that cannot be drawn, so that the rest of the lab stays. */
class PageGuard extends Component<{ readonly children: ReactNode }, PageGuardState> {
  override state: PageGuardState = { error: null };

  static getDerivedStateFromError(error: unknown): PageGuardState {
    return { error: LabError.toData(error) };
  }

  override componentDidCatch(): void {
    forgetDrafts();
  }

  override render(): ReactNode {
    if (this.state.error === null) return this.props.children;
    return (
      <div role="alert">
        <h1>This page cannot be shown</h1>
        <p className="problem">{LabError.describe(this.state.error)}</p>
        <p>Stored data and running training are not affected.</p>
      </div>
    );
  }
}

/** `isElsewhere`: whether another tab owns the lab. */
function useLookAgain(lab: Lab, isElsewhere: boolean, act: Act): void {
  useEffect(() => {
    if (!isElsewhere) return;
    const look = () => {
      if (document.visibilityState === 'visible') void act(lab.refresh);
    };
    document.addEventListener('visibilitychange', look);
    window.addEventListener('focus', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('focus', look);
    };
  }, [lab, isElsewhere, act]);
}

interface AppProps {
  readonly lab: Lab;
  readonly newVersion: NewVersion;
}

export function App({ lab, newVersion }: AppProps) {
  return (
    <LabContext value={lab}>
      <Frame newVersion={newVersion} />
    </LabContext>
  );
}

function Frame({ newVersion }: Pick<AppProps, 'newVersion'>) {
  const lab = useLabActions();
  const backend = useLab((state) => state.backend);
  const opened = useLab((state) => state.opened);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const route = useRoute();
  const [draft, setDraft] = useDraft('plan', newPlanDraft, isPlanDraft);
  const corpora = useLab((state) => state.corpora);
  useEffect(() => setDraft((current) => followCorpora(current, corpora)), [corpora, setDraft]);
  const { notices, act, dismiss } = useFailureNotices();
  const awake = useKeepAwake(useLab(({ machine, activeRunId }) => machine.keepAwake === true && activeRunId !== null));
  useLookAgain(lab, isElsewhere, act);

  const dropHere = useRef<BringIn | null>(null);
  const bringIn = useCallback<BringIn>(
    (files) => {
      if (dropHere.current !== null) return dropHere.current(files);
      void act(async () => {
        const brought = await lab.importFiles(await files());
        const library = lab.getState();
        setDraft((current) => chosen(current, brought, library));
        const place = routeAfter(brought, library, route);
        if (place !== null) goTo(place);
      });
    },
    [act, lab, route, setDraft],
  );

  return (
    <ActContext value={act}>
      <BringInContext value={bringIn}>
        <a className="skip" href="#main" onClick={focusMain}>
          Skip to content
        </a>
        <DropHereContext value={dropHere}>
          <Header route={route} backend={backend} isElsewhere={isElsewhere && opened} />
          <Suspense>
            <TrainingStrip title={TITLES[route.page]} />
          </Suspense>
          <Main route={route}>
            {isElsewhere && opened && <ElsewhereBanner />}
            <PageGuard key={pageKey(route)}>
              <AwakeContext value={awake}>
                <DraftChangeContext value={setDraft}>
                  <Pages route={route} draft={draft} onDraft={setDraft} />
                </DraftChangeContext>
              </AwakeContext>
            </PageGuard>
          </Main>
          <Dock failures={notices} onDismiss={dismiss} newVersion={newVersion} />
          <WindowDrop tags={pageKey(route) === 'tag'} />
        </DropHereContext>
      </BringInContext>
    </ActContext>
  );
}

function Main({ route, children }: { readonly route: Route; readonly children: React.ReactNode }) {
  const main = useRef<HTMLElement>(null);
  const key = pageKey(route);
  const shown = useRef(key);
  useEffect(() => {
    if (shown.current === key) return;
    shown.current = key;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [key]);
  return (
    <main id="main" className="main" ref={main} tabIndex={-1}>
      {children}
    </main>
  );
}

/** Moves the focus itself, as the router uses the hash. */
function focusMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** Collects failures of page actions as notices beside the lab's; their ids are negative. */
function useFailureNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const lastId = useRef(0);
  const act = useCallback<Act>(async (work) => {
    try {
      await work();
    } catch (error) {
      const id = --lastId.current;
      const message = LabError.describe(LabError.toData(error));
      setNotices((current) => [...current, { id, severity: 'error', message }]);
    }
  }, []);
  const dismiss = (notice: Notice) => setNotices((current) => current.filter(({ id }) => id !== notice.id));
  return { notices, act, dismiss };
}

type Brought = Awaited<ReturnType<Lab['importFiles']>>;
type Library = ReturnType<Lab['getState']>;

/** Puts imported inputs into the draft, as the person most likely wants to train with them. */
function chosen(draft: PlanDraft, brought: Brought, library: Library): PlanDraft {
  const [plan] = brought.plans;
  if (plan !== undefined) return draftOfPlan(plan);
  const corpora = library.corpora.filter(({ id }) => brought.corpusIds.includes(id));
  return draftWith(draft, { corpora, models: library.models.filter(({ id }) => brought.modelIds.includes(id)) });
}

const LIBRARY: Route = { page: 'library', section: 'corpora' };

/** Returns the page that shows what was imported; null to stay. On the page New a corpus or model goes into the form. */
function routeAfter(brought: Brought, library: Library, route: Route): Route | null {
  if (brought.plans.length > 0) return { page: 'new' };
  const result = library.results.find(({ id }) => id === brought.resultIds[0]);
  if (result !== undefined) {
    const [run] = result.file.runs;
    const single = brought.resultIds.length === 1 && result.file.runs.length === 1;
    return single && run !== undefined
      ? { page: 'importedRun', resultId: result.id, runId: run.spec.id }
      : { page: 'experiments' };
  }
  const isAsked = library.columnQuestions.some(({ corpusIds }) => corpusIds.length === 0);
  if (isAsked && brought.corpusIds.length + brought.modelIds.length === 0) return LIBRARY;
  if (route.page === 'new') return null;
  const [corpusId] = brought.corpusIds;
  if (corpusId !== undefined) return brought.corpusIds.length === 1 ? { page: 'corpus', corpusId } : LIBRARY;
  return brought.modelIds.length > 0 ? { page: 'library', section: 'models' } : null;
}

/** Replaces the lab when its stored data cannot be opened. */
export function OpenFailed({ error }: { readonly error: LabErrorData }) {
  return (
    <main className="main" role="alert">
      <h1>The lab cannot open its storage</h1>
      <p className="problem">{LabError.describe(error)}</p>
      <p>
        Nothing was removed. The usual causes are a private window or blocked site data: allow this site to store data,
        then reload the page.
      </p>
    </main>
  );
}

// Shows the product's name, the four places of the lab, Help, and the backend with its settings behind a badge.

/** Loads with the first press: most visits need no settings of the backend. */
const BackendPopover = lazy(async () => ({ default: (await import('../parts/BackendPanel.tsx')).BackendPopover }));

type Place = 'new' | 'experiments' | 'library' | 'tag' | 'about';

const PLACES: readonly (readonly [Place, string, Route])[] = [
  ['new', 'New', { page: 'new' }],
  ['experiments', 'Experiments', { page: 'experiments' }],
  ['library', 'Library', { page: 'library', section: 'corpora' }],
  ['tag', 'Tag', { page: 'tag' }],
  ['about', 'About', { page: 'about' }],
];

/** The place in which each page is found. */
const PLACE_OF: Partial<Record<Route['page'], Place>> = {
  new: 'new',
  experiments: 'experiments',
  experiment: 'experiments',
  run: 'experiments',
  importedRun: 'experiments',
  resultFile: 'experiments',
  open: 'experiments',
  analyse: 'experiments',
  curves: 'experiments',
  library: 'library',
  corpus: 'library',
  sentence: 'library',
  tag: 'tag',
  tagWith: 'tag',
  tagCorpus: 'tag',
  review: 'tag',
  about: 'about',
};

export interface HeaderProps {
  readonly route: Route;
  readonly backend: BackendState;
  /** Whether another tab owns the lab and its backend. */
  readonly isElsewhere: boolean;
}

export function Header({ route, backend, isElsewhere }: HeaderProps) {
  const here = PLACE_OF[route.page];
  return (
    <header className="header">
      <div className="header-inner">
        <a className="brand" href="#/">
          BioNER Lab
        </a>
        <nav className="nav" aria-label="Main">
          {PLACES.map(([place, name, to]) => (
            <a key={place} href={routeHref(to)} aria-current={place === here ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <HelpButton page={route.page} />
        <BackendBadge backend={backend} isElsewhere={isElsewhere} />
      </div>
    </header>
  );
}

/** Opens the settings and the self-test of the backend, beside the page that stays usable. */
function BackendBadge({ backend, isElsewhere }: Omit<HeaderProps, 'route'>) {
  const [isWanted, setIsWanted] = useState(false);
  const device = backend.status === 'ready' ? backend.report.environment.device : null;
  const text = isElsewhere ? 'In another tab' : badgeText(backend);
  const badge = {
    className: `badge ${backend.status}`,
    'aria-label': `Backend: ${text}`,
    title: device ?? undefined,
    children: (
      <>
        <span className="status-dot" aria-hidden="true" />
        {text}
      </>
    ),
  };
  const button = <button type="button" {...badge} onClick={() => setIsWanted(true)} />;
  if (!isWanted) return button;
  return (
    <Suspense fallback={button}>
      <BackendPopover backend={backend} isElsewhere={isElsewhere} badge={badge} />
    </Suspense>
  );
}

function badgeText(backend: BackendState): string {
  if (backend.status === 'starting') return 'Starting';
  return backend.status === 'failed' ? 'No backend' : backendName(backend.report.environment.backend);
}
