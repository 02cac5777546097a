// The frame of the page: header, the place the person is at, notices, and the drop that works everywhere.
import { useCallback, useEffect, useRef, useState } from 'react';
import { LabError } from '../util/labError.ts';
import type { CorpusRecord } from '../schema/corpusRecord.ts';
import type { Lab, Notice } from '../lab/labState.ts';
import { Dock } from './components/Dock.tsx';
import { ElsewhereBanner } from './components/ElsewhereBanner.tsx';
import { Header } from './components/Header.tsx';
import { PageGuard } from './components/PageGuard.tsx';
import { WindowDrop } from './components/WindowDrop.tsx';
import { draftOfPlan, inputOf, looseTasks, newPlanDraft, taskOfCorpus, type PlanDraft } from './planDraft.ts';
import { Pages } from './pages/Pages.tsx';
import { pageKey, type Route } from './route.ts';
import { ActContext, type Act } from './useAct.ts';
import { BringInContext, type BringIn } from './useBringIn.ts';
import { DropHereContext } from './useDropHere.ts';
import { AwakeContext, useKeepAwake } from './useKeepAwake.ts';
import { LabContext, useLab } from './useLab.ts';
import { useLookAgain } from './useLookAgain.ts';
import { goTo, useRoute } from './useRoute.ts';
import './theme.css';
import './lab.css';
import './frame.css';
import './controls.css';
import './forms.css';
import './library.css';
import './runs.css';
import './compare.css';
import './tag.css';
import './analyse.css';
import './sets.css';

export function App({ lab }: { readonly lab: Lab }) {
  return (
    <LabContext value={lab}>
      <Frame />
    </LabContext>
  );
}

function Frame() {
  const { lab, state } = useLab();
  const route = useRoute();
  const [draft, setDraft] = useState(newPlanDraft);
  const { notices, act, dismiss } = useFailureNotices();
  const awake = useKeepAwake(state.machine.keepAwake === true && state.activeRunId !== null);
  const isElsewhere = state.owner === 'elsewhere';
  useLookAgain(lab, isElsewhere, act);

  const dropHere = useRef<BringIn | null>(null);
  const bringIn = useCallback<BringIn>(
    (files) => {
      if (dropHere.current !== null) return dropHere.current(files);
      void act(async () => {
        const brought = await lab.importFiles(await files());
        const library = lab.getState();
        setDraft((current) => chosen(current, brought, library));
        const place = placeAfter(brought, library, route);
        if (place !== null) goTo(place);
      });
    },
    [act, lab, route],
  );

  return (
    <ActContext value={act}>
      <BringInContext value={bringIn}>
        <a className="skip" href="#main" onClick={focusMain}>
          Skip to content
        </a>
        <DropHereContext value={dropHere}>
          <Header route={route} backend={state.backend} isElsewhere={isElsewhere && state.opened} />
          <Main route={route}>
            {isElsewhere && state.opened && <ElsewhereBanner />}
            <PageGuard key={pageKey(route)}>
              <AwakeContext value={awake}>
                <Pages route={route} draft={draft} onDraft={setDraft} />
              </AwakeContext>
            </PageGuard>
          </Main>
          <Dock
            jobs={state.jobs}
            notices={[...state.notices, ...notices]}
            onCancel={(job) => lab.cancelJob(job.id)}
            onDismiss={(notice) => (notices.includes(notice) ? dismiss(notice) : lab.dismissNotice(notice.id))}
          />
          <WindowDrop tags={route.page === 'tag' || route.page === 'tagWith'} />
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

/** The hash is the router's, so the skip link moves the focus itself. */
function focusMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** Failures of what the page asked for, as notices beside the lab's own; their ids are negative. */
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

/** What came in is what the person most likely wants to train with. */
function chosen(draft: PlanDraft, brought: Brought, library: Library): PlanDraft {
  const [plan] = brought.plans;
  if (plan !== undefined) return draftOfPlan(plan);
  const corpus = library.corpora.find(({ id }) => id === brought.corpusIds[0]);
  const model = library.models.find(({ id }) => id === brought.modelIds[0]);
  return {
    ...draft,
    ...(corpus === undefined ? {} : { categories: broughtTasks(draft, corpus) }),
    ...(model === undefined ? {} : { model: inputOf(model) }),
  };
}

/** A corpus that came in is the task of a plan for single tasks, and no reason to change what is trained together. */
function broughtTasks({ methods, categories }: PlanDraft, corpus: CorpusRecord): PlanDraft['categories'] {
  return methods.every((method) => method === 'STL') ? [looseTasks([taskOfCorpus(corpus)])] : categories;
}

/** Where to look at what came in; null to stay. On the training page a corpus or model goes straight into the form. */
function placeAfter(brought: Brought, library: Library, route: Route): Route | null {
  if (brought.plans.length > 0) return { page: 'train' };
  const result = library.results.find(({ id }) => id === brought.resultIds[0]);
  if (result !== undefined) {
    const [run] = result.file.runs;
    const single = brought.resultIds.length === 1 && result.file.runs.length === 1;
    return single && run !== undefined
      ? { page: 'importedRun', resultId: result.id, runId: run.spec.id }
      : { page: 'results' };
  }
  if (route.page === 'train') return null;
  const [corpusId] = brought.corpusIds;
  if (corpusId !== undefined)
    return brought.corpusIds.length === 1 ? { page: 'corpus', corpusId } : { page: 'corpora' };
  return brought.modelIds.length > 0 ? { page: 'models' } : null;
}
