// Chooses the page for the current route.
import { useEffect } from 'react';
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
import { useLab } from '../shared/useLab.ts';
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
  const { state } = useLab();
  const { page } = props.route;
  useEffect(() => {
    document.title = `${TITLES[page]} · BioNER Lab`;
  }, [page]);
  if (!state.opened && page !== 'about' && page !== 'train') return <p className="soft">Opening the library …</p>;
  return <Page {...props} />;
}

function Page({ route, draft, onDraft }: PagesProps) {
  const { state } = useLab();
  switch (route.page) {
    case 'train':
      return <TrainPage draft={draft} onDraft={onDraft} />;
    case 'corpora':
      return <CorporaPage />;
    case 'corpus': {
      const corpus = state.corpora.find(({ id }) => id === route.corpusId);
      return corpus === undefined ? (
        <MissingPage what="corpus" />
      ) : (
        <CorpusPage key={corpus.id} corpus={corpus} at={null} />
      );
    }
    case 'sentence': {
      const { corpusId, split, number } = route;
      const corpus = state.corpora.find(({ id }) => id === corpusId);
      return corpus === undefined ? (
        <MissingPage what="corpus" />
      ) : (
        <CorpusPage corpus={corpus} at={{ split, number }} />
      );
    }
    case 'models':
      return <ModelsPage />;
    case 'runs':
      return <RunsPage />;
    case 'run': {
      const run = state.runs.find(({ record }) => record.spec.id === route.runId);
      return run === undefined ? <MissingPage what="run" /> : <RunPage key={route.runId} run={run} source={null} />;
    }
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
    case 'importedRun': {
      const source = state.results.find(({ id }) => id === route.resultId);
      const record = source?.file.runs.find(({ spec }) => spec.id === route.runId);
      if (source === undefined || record === undefined) return <MissingPage what="run" />;
      return <RunPage key={`${source.id}/${route.runId}`} run={{ record, live: null }} source={source} />;
    }
    case 'about':
      return <AboutPage />;
    case 'missing':
      return <MissingPage what="page" />;
  }
}
