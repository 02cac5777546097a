// One corpus: how it was read, what is wrong with it, what is in it, and its sentences.
import { useState } from 'react';
import { SPLITS, type Split } from '../../data/corpus.ts';
import type { LabState } from '../../lab/labState.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import { LengthChart } from '../charts/LengthChart.tsx';
import { Button } from '../components/Button.tsx';
import { CorpusCounts } from '../components/CorpusCounts.tsx';
import { CorpusSources } from '../components/CorpusSources.tsx';
import { IssueList } from '../components/IssueList.tsx';
import { RemoveButton } from '../components/RemoveButton.tsx';
import { SentenceBrowser } from '../components/SentenceBrowser.tsx';
import { format } from '../format.ts';
import { useAct } from '../useAct.ts';
import { useLab } from '../useLab.ts';
import { goTo } from '../useRoute.ts';
import { useSentences } from '../useSentences.ts';

export interface CorpusPageProps {
  readonly corpus: CorpusRecord;
  /** The sentence to show first, counted from 1 in its split; null for the start. */
  readonly at: { readonly split: Split; readonly number: number } | null;
}

export function CorpusPage({ corpus, at }: CorpusPageProps) {
  const { sentences, problem } = useSentences(corpus.id);
  return (
    <>
      <CorpusTitle corpus={corpus} />
      <section aria-labelledby="sources-title">
        <h2 id="sources-title">Sources</h2>
        <CorpusSources corpus={corpus} />
      </section>
      {corpus.issueCount > 0 && (
        <section aria-labelledby="issues-title">
          <h2 id="issues-title">Issues</h2>
          <IssueList issues={corpus.issues} issueCount={corpus.issueCount} />
        </section>
      )}
      <div className="pair">
        <section aria-labelledby="counts-title">
          <h2 id="counts-title">Counts</h2>
          <CorpusCounts corpus={corpus} />
        </section>
        <section aria-labelledby="lengths-title">
          <h2 id="lengths-title">Sentence lengths</h2>
          {sentences !== null && <LengthChart sentences={sentences} />}
        </section>
      </div>
      <section aria-labelledby="sentences-title">
        <h2 id="sentences-title">Sentences</h2>
        {problem !== null && <p className="problem">{problem}</p>}
        {sentences === null && problem === null && <p className="soft">Reading the sentences.</p>}
        {sentences !== null && <SentenceBrowser sentences={sentences} types={corpus.types} at={at} />}
      </section>
    </>
  );
}

function CorpusTitle({ corpus }: { readonly corpus: CorpusRecord }) {
  const { lab, state } = useLab();
  const act = useAct();
  const [name, setName] = useState<string | null>(null);
  const rename = async () => {
    if (name !== null && name.trim() !== '' && name.trim() !== corpus.name)
      await lab.renameCorpus(corpus.id, name.trim());
    setName(null);
  };
  const remove = async () => {
    await lab.removeCorpus(corpus.id);
    goTo({ page: 'corpora' });
  };
  return (
    <div className="title-row">
      <div>
        <p className="crumb">
          <a href="#/corpora">Corpora</a>
        </p>
        <h1>{corpus.name}</h1>
        <p className="soft">
          Added {format.moment(corpus.addedAt)} · fingerprint{' '}
          <code title={corpus.fingerprint}>{format.shortFingerprint(corpus.fingerprint)}</code>
          {corpus.builtIn && ' · sample that came with the lab'}
        </p>
      </div>
      {name === null ? (
        <div className="actions">
          <Button onAct={() => setName(corpus.name)}>Rename</Button>
          <RemoveButton
            subject={`corpus ${corpus.name}`}
            loss={<Loss corpus={corpus} runs={state.runs} />}
            onRemove={remove}
          />
        </div>
      ) : (
        <form
          className="actions"
          onSubmit={(event) => {
            event.preventDefault();
            void act(rename);
          }}
        >
          <input
            type="text"
            aria-label="New name"
            value={name}
            autoFocus
            onChange={(event) => setName(event.target.value)}
            onKeyDown={(event) => event.key === 'Escape' && setName(null)}
          />
          <Button kind="strong" onAct={rename}>
            Save name
          </Button>
          <Button onAct={() => setName(null)}>Cancel</Button>
        </form>
      )}
    </div>
  );
}

function Loss({ corpus, runs }: { readonly corpus: CorpusRecord; readonly runs: LabState['runs'] }) {
  const sentences = SPLITS.reduce((sum, split) => sum + corpus.counts[split].sentences, 0);
  const unfinished = runs.filter(
    ({ record }) => record.spec.tasks.some((task) => task.corpus.id === corpus.id) && record.status !== 'finished',
  ).length;
  return (
    <>
      <p>
        {format.counted(sentences, 'sentence')} from {format.counted(corpus.sources.length, 'file')} will be gone from
        this browser. Your own files are not touched, and runs keep their scores.
      </p>
      {unfinished > 0 && (
        <p className="problem">
          {format.counted(unfinished, 'unfinished run')} on this corpus cannot go on without it, unless you bring it in
          again.
        </p>
      )}
    </>
  );
}
