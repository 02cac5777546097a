// The first page: one button trains on a sample, and the form trains on a person's own data.
import { lazy, Suspense, useState } from 'react';
import { presets } from '../../lab/plans/presets.ts';
import { BackendPanel } from '../parts/BackendPanel.tsx';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { goTo } from '../shared/route.ts';
import { shallow, useLab, useLabActions } from '../shared/useLab.ts';
import { samplePlan, type PlanDraft } from './planDraft.ts';
import { usePreview } from './planEstimates.ts';

/** Loads the form after the page is shown, which trains on a sample without it. */
const PlanForm = lazy(async () => ({ default: (await import('./PlanForm.tsx')).PlanForm }));

/** Offers one button that trains the built-in model on a sample corpus. */
function SamplePanel() {
  const lab = useLabActions();
  const library = useLab(({ corpora, models }) => ({ corpora, models }), shallow);
  const isReady = useLab((state) => state.backend.status === 'ready');
  const isInstalling = useLab(
    ({ opened, backend, jobs }) => !opened || backend.status === 'starting' || jobs.length > 0,
  );
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
    <section className="panel" aria-labelledby="sample-title">
      <h2 id="sample-title">Start here</h2>
      <p className="lead">
        Train a small XLNet, pretrained on biomedical text, on a sample corpus. Everything runs on this machine, and no
        data leaves this tab.
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
          ? emptyText(isInstalling)
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

interface TrainPageProps {
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

export function TrainPage({ draft, onDraft }: TrainPageProps) {
  const backend = useLab((state) => state.backend);
  const opened = useLab((state) => state.opened);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  return (
    <>
      <h1>Train a tagger</h1>
      <p className="soft">Fine-tune a named entity recognition model on a sample or on your own corpora.</p>
      <div className="pair">
        <SamplePanel />
        <BackendPanel backend={backend} isElsewhere={opened && isElsewhere} />
      </div>
      <Suspense fallback={<p className="soft">Loading the form …</p>}>
        {opened ? <PlanForm draft={draft} onDraft={onDraft} /> : <p className="soft">Opening the library …</p>}
      </Suspense>
    </>
  );
}
