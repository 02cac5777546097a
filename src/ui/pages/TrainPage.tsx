// The first page: a sample trains at one press, and the form trains a person's own work.
import { BackendPanel } from '../components/BackendPanel.tsx';
import { PlanForm } from '../components/PlanForm.tsx';
import { SamplePanel } from '../components/SamplePanel.tsx';
import type { PlanDraft } from '../planDraft.ts';
import { useLab } from '../useLab.ts';

export interface TrainPageProps {
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

export function TrainPage({ draft, onDraft }: TrainPageProps) {
  const { state } = useLab();
  return (
    <>
      <h1>Train a tagger</h1>
      <div className="pair">
        <SamplePanel />
        <BackendPanel backend={state.backend} isElsewhere={state.opened && state.owner === 'elsewhere'} />
      </div>
      {state.opened ? <PlanForm draft={draft} onDraft={onDraft} /> : <p className="soft">Opening the library.</p>}
    </>
  );
}
