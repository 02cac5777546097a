// Chooses the page for the current route.
import { lazy, Suspense, useEffect, type ComponentProps, type ComponentType, type LazyExoticComponent } from 'react';
import { LabError } from '../../util/labError.ts';
import type { Route } from '../shared/route.ts';
import { useLab, useLabActions, useRunRecord } from '../shared/useLab.ts';
import { TrainPage } from '../train/TrainPage.tsx';
import type { PlanDraft } from '../train/planDraft.ts';

/** Loads a page when it is first shown. `load` resolves to the page itself. */
function lazyPage<Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => ({
    default: await load().catch((cause: unknown) => {
      throw new LabError('page/not-loaded', 'The code of this page cannot be loaded. Reload the tab to try again.', {
        expected: 'the network, or a lab that was opened here before',
        cause,
      });
    }),
  }));
}

const AnalysePage = lazyPage(async () => (await import('../analyse/AnalysePage.tsx')).AnalysePage);
const ComparePage = lazyPage(async () => (await import('../compare/ComparePage.tsx')).ComparePage);
const AboutPage = lazyPage(async () => (await import('../library/AboutPage.tsx')).AboutPage);
const CorporaPage = lazyPage(async () => (await import('../library/CorporaPage.tsx')).CorporaPage);
const CorpusPage = lazyPage(async () => (await import('../library/CorpusPage.tsx')).CorpusPage);
const ModelsPage = lazyPage(async () => (await import('../library/ModelsPage.tsx')).ModelsPage);
const OpenPage = lazyPage(async () => (await import('../results/OpenPage.tsx')).OpenPage);
const ResultsPage = lazyPage(async () => (await import('../results/ResultsPage.tsx')).ResultsPage);
const RunPage = lazyPage(async () => (await import('../runs/RunPage.tsx')).RunPage);
const RunsPage = lazyPage(async () => (await import('../runs/RunsPage.tsx')).RunsPage);
const TagPage = lazyPage(async () => (await import('../tag/TagPage.tsx')).TagPage);

/** Says that an address leads to nothing, or to something removed. */
function MissingPage({ what }: { readonly what: string }) {
  return (
    <>
      <h1>Not found</h1>
      <p>
        There is no {what} at this address; it may have been removed. <a href="#/">Go to Train</a>
      </p>
    </>
  );
}

const TITLES: Readonly<Record<Route['page'], string>> = {
  train: 'Train',
  corpora: 'Corpora',
  corpus: 'Corpus',
  sentence: 'Corpus',
  models: 'Models',
  runs: 'Runs',
  run: 'Run',
  tag: 'Tag',
  tagWith: 'Tag',
  compare: 'Compare',
  analyse: 'Analyse',
  results: 'Results',
  open: 'Open a result',
  importedRun: 'Run',
  about: 'About',
  missing: 'Not found',
};

/** Pages that neither show nor use the built-in model and samples, which are 9 MB to download. */
const WITHOUT_BUILT_INS: readonly Route['page'][] = [
  'about',
  'open',
  'results',
  'importedRun',
  'runs',
  'run',
  'compare',
];

interface PagesProps {
  readonly route: Route;
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

export function Pages(props: PagesProps) {
  const opened = useLab((state) => state.opened);
  const { page } = props.route;
  useEffect(() => {
    document.title = `${TITLES[page]} · BioNER Lab`;
  }, [page]);
  const { wantBuiltIns } = useLabActions();
  useEffect(() => {
    if (!WITHOUT_BUILT_INS.includes(page)) wantBuiltIns();
  }, [wantBuiltIns, page]);
  if (!opened && page !== 'about' && page !== 'train') return <p className="soft">Opening the library …</p>;
  return (
    <Suspense fallback={<p className="soft">Loading this page …</p>}>
      <Page {...props} />
    </Suspense>
  );
}

function Page({ route, draft, onDraft }: PagesProps) {
  switch (route.page) {
    case 'train':
      return <TrainPage draft={draft} onDraft={onDraft} />;
    case 'corpora':
      return <CorporaPage />;
    case 'corpus':
      return <KnownCorpus key={route.corpusId} corpusId={route.corpusId} at={null} />;
    case 'sentence':
      return <KnownCorpus corpusId={route.corpusId} at={route} />;
    case 'models':
      return <ModelsPage />;
    case 'runs':
      return <RunsPage />;
    case 'run':
      return <OwnRun key={route.runId} runId={route.runId} />;
    case 'tag':
      return <TagPage chosen={null} />;
    case 'tagWith':
      return <TagPage key={route.tagger} chosen={route.tagger} />;
    case 'compare':
      return <ComparePage />;
    case 'analyse':
      return <AnalysePage route={route} />;
    case 'open':
      return <OpenPage key={route.result} result={route.result} />;
    case 'results':
      return <ResultsPage />;
    case 'importedRun':
      return <ImportedRun key={`${route.resultId}/${route.runId}`} resultId={route.resultId} runId={route.runId} />;
    case 'about':
      return <AboutPage />;
    case 'missing':
      return <MissingPage what="page" />;
  }
}

type CorpusPageProps = ComponentProps<typeof CorpusPage>;

function KnownCorpus({ corpusId, at }: Pick<CorpusPageProps, 'at'> & { readonly corpusId: string }) {
  const corpus = useLab(({ corpora }) => corpora.find(({ id }) => id === corpusId));
  return corpus === undefined ? <MissingPage what="corpus" /> : <CorpusPage corpus={corpus} at={at} />;
}

function OwnRun({ runId }: { readonly runId: string }) {
  const record = useRunRecord(runId);
  return record === undefined ? <MissingPage what="run" /> : <RunPage record={record} source={null} />;
}

function ImportedRun({ resultId, runId }: { readonly resultId: string; readonly runId: string }) {
  const source = useLab(({ results }) => results.find(({ id }) => id === resultId));
  const record = source?.file.runs.find(({ spec }) => spec.id === runId);
  if (source === undefined || record === undefined) return <MissingPage what="run" />;
  return <RunPage record={record} source={source} />;
}
