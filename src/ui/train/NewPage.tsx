// The first page: says what the lab does, and starts an experiment on a sample, on a person's own corpus, or on several methods.
import { lazy, Suspense, useState } from 'react';
import { presets } from '../../lab/plans/presets.ts';
import { isInstalling } from '../../lab/state/labStore.ts';
import { PAPER_METHODS } from '../../schema/methods.ts';
import { Button } from '../parts/Button.tsx';
import { DropZone } from '../parts/DropZone.tsx';
import { Field } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { goTo } from '../shared/route.ts';
import { shallow, useLab, useLabActions } from '../shared/useLab.ts';
import { MethodPicture } from './MethodPicture.tsx';
import { samplePlan, type PlanDraft } from './planDraft.ts';
import { usePreview } from './planEstimates.ts';

/** Loads after the page is shown, with what shows its mentions. */
const LiveTagging = lazy(async () => ({ default: (await import('./LiveTagging.tsx')).LiveTagging }));

/** Loads the form after the page is shown, which trains on a sample without it. */
const PlanForm = lazy(async () => ({ default: (await import('./PlanForm.tsx')).PlanForm }));

/** Trains the built-in model on a sample corpus at one press. */
function SampleCard() {
  const lab = useLabActions();
  const library = useLab(({ corpora, models }) => ({ corpora, models }), shallow);
  const isReady = useLab((state) => state.backend.status === 'ready');
  const mayCome = useLab(isInstalling);
  const samples = library.corpora.filter((corpus) => corpus.builtIn);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const sample = samples.find(({ id }) => id === chosenId) ?? samples[0];
  const plan = samplePlan(library, sample?.id ?? null);
  const { graph } = usePreview(plan);
  const steps = graph?.nodes.reduce((sum, { cost }) => sum + cost.steps, 0) ?? 0;
  const start = async () => {
    if (plan === null) return;
    const [runId] = await lab.startPlan(plan);
    if (runId !== undefined) goTo({ page: 'run', runId });
  };
  return (
    <section className="panel card" aria-labelledby="sample-title">
      <h2 id="sample-title">Try a sample</h2>
      <p>
        Watch a small XLNet, pretrained on biomedical text, learn from a corpus of invented sentences, epoch by epoch.
      </p>
      <div className="sample-row">
        <Field label="Sample corpus">
          {(control) => (
            <select
              {...control}
              value={sample?.id ?? ''}
              disabled={samples.length === 0}
              onChange={(event) => setChosenId(event.target.value)}
            >
              {samples.length === 0 && <option value="">none yet</option>}
              {samples.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Button kind="primary" disabled={plan === null || !isReady} onAct={start}>
          Train on a sample
        </Button>
      </div>
      <p className="soft">
        {sample === undefined || plan === null
          ? emptyText(mayCome)
          : `${presets.sample.label}: ${format.counted(plan.config.epochs, 'epoch')}, ${format.counted(
              steps,
              'step',
            )}, ${format.counted(sample.counts.train.sentences, 'training sentence')}.`}
      </p>
    </section>
  );
}

function emptyText(installing: boolean): string {
  return installing
    ? 'The built-in model and samples are being installed.'
    : 'The built-in model and samples are not installed.';
}

/** Takes a person's corpus. */
function CorpusCard() {
  return (
    <section className="panel card" aria-labelledby="corpus-title">
      <h2 id="corpus-title">Use your own corpus</h2>
      <DropZone>
        <strong>Drop a corpus anywhere in this window</strong>: CoNLL, BRAT, PubTator, BioC, JSON, CSV or Parquet, as
        files, a folder or a zip. The folder of an encoder and plan files are taken as well.
      </DropZone>
    </section>
  );
}

interface NewPageProps {
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

/** Sets up the paper's comparison of the three methods. */
function CompareCard({ draft, onDraft }: NewPageProps) {
  const library = useLab(({ corpora, assignments, categories }) => ({ corpora, assignments, categories }), shallow);
  const opened = useLab((state) => state.opened);
  const compare = async () => {
    const { withMethods } = await import('./PlanForm.tsx');
    onDraft({ ...draft, ...withMethods(draft, PAPER_METHODS, library) });
    document.getElementById('plan-title')?.scrollIntoView();
  };
  return (
    <section className="panel card" aria-labelledby="compare-title">
      <h2 id="compare-title">Compare methods</h2>
      <p>
        Does it help to train on several corpora of one kind of entity? Train each task alone, all together, and with
        lower layers taken from the shared model, and see F1 for each share of layers.
      </p>
      <div className="method-pictures" aria-hidden="true">
        {PAPER_METHODS.map((method) => (
          <MethodPicture key={method} method={method} />
        ))}
      </div>
      <div className="actions">
        <Button disabled={!opened} onAct={compare}>
          Plan a comparison
        </Button>
      </div>
    </section>
  );
}

export function NewPage({ draft, onDraft }: NewPageProps) {
  const opened = useLab((state) => state.opened);
  return (
    <>
      <div className="hero">
        <h1>Train taggers for biomedical text, in this tab</h1>
        <p className="lead">
          A tagger finds named entities, such as diseases, chemicals, genes and species, in text. Fine-tune XLNet or
          BERT on annotated corpora, compare training methods, and tag with the best. Everything runs on this machine:
          no text leaves this tab.
        </p>
      </div>
      <Suspense fallback={<div className="panel" style={{ minHeight: 300 }} />}>
        <LiveTagging />
      </Suspense>
      <div className="cards">
        <SampleCard />
        <CorpusCard />
        <CompareCard draft={draft} onDraft={onDraft} />
      </div>
      <Suspense fallback={<p className="soft">Loading the form …</p>}>
        {opened ? <PlanForm draft={draft} onDraft={onDraft} /> : <p className="soft">Opening the library …</p>}
      </Suspense>
    </>
  );
}
