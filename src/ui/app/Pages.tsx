// Chooses the page for the current route.
import { useEffect, type ComponentProps } from 'react';
import { AnalysePage } from '../analyse/AnalysePage.tsx';
import { ComparePage } from '../compare/ComparePage.tsx';
import { AboutPage } from '../library/AboutPage.tsx';
import { CorporaPage } from '../library/CorporaPage.tsx';
import { CorpusPage } from '../library/CorpusPage.tsx';
import { ModelsPage } from '../library/ModelsPage.tsx';
import { OpenPage } from '../results/OpenPage.tsx';
import { ResultsPage } from '../results/ResultsPage.tsx';
import { RunPage } from '../runs/RunPage.tsx';
import { RunsPage } from '../runs/RunsPage.tsx';
import type { Route } from '../shared/route.ts';
import { useLab, useRunRecord } from '../shared/useLab.ts';
import { TagPage } from '../tag/TagPage.tsx';
import { TrainPage } from '../train/TrainPage.tsx';
import type { PlanDraft } from '../train/planDraft.ts';

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
  if (!opened && page !== 'about' && page !== 'train') return <p className="soft">Opening the library …</p>;
  return <Page {...props} />;
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
