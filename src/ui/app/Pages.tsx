// Chooses the page for the current route.
import { lazy, Suspense, useEffect, type ComponentProps, type ComponentType, type LazyExoticComponent } from 'react';
import { LabError } from '../../util/labError.ts';
import type { Route, TagChoice } from '../shared/route.ts';
import { useLab, useLabActions, useRunRecord } from '../shared/useLab.ts';
import { NewPage } from '../train/NewPage.tsx';
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
const AboutPage = lazyPage(async () => (await import('../library/LibraryPage.tsx')).AboutPage);
const CorpusPage = lazyPage(async () => (await import('../library/CorpusPage.tsx')).CorpusPage);
const CurvesPage = lazyPage(async () => (await import('../experiments/CurvesPage.tsx')).CurvesPage);
const ExperimentPage = lazyPage(async () => (await import('../experiments/ExperimentPage.tsx')).ExperimentPage);
const ExperimentsPage = lazyPage(async () => (await import('../experiments/ExperimentsPage.tsx')).ExperimentsPage);
const LibraryPage = lazyPage(async () => (await import('../library/LibraryPage.tsx')).LibraryPage);
const OpenPage = lazyPage(async () => (await import('../share/OpenPage.tsx')).OpenPage);
const ResultFilePage = lazyPage(async () => (await import('../experiments/ExperimentsPage.tsx')).ResultFilePage);
const RunPage = lazyPage(async () => (await import('../runs/RunPage.tsx')).RunPage);
const ReviewPage = lazyPage(async () => (await import('../tag/ReviewPage.tsx')).ReviewPage);
const TagPage = lazyPage(async () => (await import('../tag/TagPage.tsx')).TagPage);

/** Says that an address leads to nothing, or to something removed. */
function MissingPage({ what }: { readonly what: string }) {
  return (
    <>
      <h1>Not found</h1>
      <p>
        There is no {what} at this address; it may have been removed. <a href="#/">Go to New</a>
      </p>
    </>
  );
}

/** Titles of pages in the tab. */
export const TITLES: Readonly<Record<Route['page'], string>> = {
  new: 'New',
  experiments: 'Experiments',
  experiment: 'Experiment',
  library: 'Library',
  corpus: 'Corpus',
  sentence: 'Corpus',
  run: 'Run',
  tag: 'Tag',
  tagWith: 'Tag',
  tagCorpus: 'Tag',
  review: 'Review',
  analyse: 'Analyse',
  curves: 'Curves',
  resultFile: 'Result file',
  open: 'Open a result',
  importedRun: 'Run',
  about: 'About',
  missing: 'Not found',
};

/** Pages that neither show nor use the built-in model and samples, which are 9 MB to download. */
const WITHOUT_BUILT_INS: readonly Route['page'][] = [
  'about',
  'open',
  'experiments',
  'experiment',
  'curves',
  'resultFile',
  'importedRun',
  'run',
];

interface PagesProps {
  readonly route: Route;
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

export function Pages(props: PagesProps) {
  const opened = useLab((state) => state.opened);
  const { page } = props.route;
  const { wantBuiltIns, wantShippedTagger } = useLabActions();
  useEffect(() => {
    if (!WITHOUT_BUILT_INS.includes(page)) wantBuiltIns();
    if (page === 'tag' || page === 'tagWith') void wantShippedTagger();
  }, [wantBuiltIns, wantShippedTagger, page]);
  if (!opened && page !== 'about' && page !== 'new') return <p className="soft">Opening the library …</p>;
  return (
    <Suspense fallback={<p className="soft">Loading this page …</p>}>
      <Page {...props} />
    </Suspense>
  );
}

const NOTHING_TO_TAG: TagChoice = { tagger: null, corpusId: null, split: null };

function Page({ route, draft, onDraft }: PagesProps) {
  switch (route.page) {
    case 'new':
      return <NewPage draft={draft} onDraft={onDraft} />;
    case 'experiments':
      return <ExperimentsPage />;
    case 'experiment':
      return <ExperimentPage experimentId={route.experimentId} route={route} />;
    case 'library':
      return <LibraryPage section={route.section} />;
    case 'corpus':
      return <KnownCorpus key={route.corpusId} corpusId={route.corpusId} at={null} />;
    case 'sentence':
      return <KnownCorpus corpusId={route.corpusId} at={route} />;
    case 'run':
      return <OwnRun key={route.runId} runId={route.runId} />;
    case 'tag':
      return <TagPage choice={NOTHING_TO_TAG} />;
    case 'tagWith':
      return <TagPage choice={{ ...NOTHING_TO_TAG, tagger: route.tagger }} />;
    case 'tagCorpus':
      return <TagPage choice={route} />;
    case 'review':
      return <ReviewPage key={route.reviewId} route={route} />;
    case 'analyse':
      if (route.experiment === null) return <AnalysePage route={route} />;
      return <ExperimentPage experimentId={route.experiment} route={route} />;
    case 'curves':
      return <CurvesPage route={route} />;
    case 'open':
      return <OpenPage key={route.result} result={route.result} />;
    case 'resultFile':
      return <KnownResultFile resultId={route.resultId} />;
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

function KnownResultFile({ resultId }: { readonly resultId: string }) {
  const result = useLab(({ results }) => results.find(({ id }) => id === resultId));
  return result === undefined ? <MissingPage what="result file" /> : <ResultFilePage result={result} />;
}

function ImportedRun({ resultId, runId }: { readonly resultId: string; readonly runId: string }) {
  const source = useLab(({ results }) => results.find(({ id }) => id === resultId));
  const record = source?.file.runs.find(({ spec }) => spec.id === runId);
  if (source === undefined || record === undefined) return <MissingPage what="run" />;
  return <RunPage record={record} source={source} />;
}
