// What a plan comes to, what is still wrong with it, and the buttons that start or export it.
import { presets, type PresetName } from '../../lab/presets.ts';
import { configFields } from '../configFields.ts';
import { downloadJson } from '../downloadJson.ts';
import { format } from '../format.ts';
import type { ReadPlan, StepEstimate } from '../planDraft.ts';
import { useLab } from '../useLab.ts';
import { goTo } from '../useRoute.ts';
import { Button } from './Button.tsx';
import { configFieldId } from './ConfigForm.tsx';
import { Facts } from './Facts.tsx';

export function PlanSummary({ read, preset }: { readonly read: ReadPlan; readonly preset: PresetName }) {
  const { lab, state } = useLab();
  const { plan, estimate, problems, changed } = read;
  const train = async () => {
    if (plan === null) return;
    const runIds = await lab.startPlan(plan);
    const [first] = runIds;
    goTo(runIds.length === 1 && first !== undefined ? { page: 'run', runId: first } : { page: 'runs' });
  };
  const exportPlan = () => {
    if (plan !== null) downloadJson(`${format.fileName(plan.name)}.plan.json`, plan);
  };
  return (
    <aside className="panel summary" aria-labelledby="summary-title">
      <h3 id="summary-title">Plan</h3>
      <Facts
        kind="list"
        facts={[
          ['Preset', presets[preset].label],
          ['Changes', changed.size],
          ['Runs', estimate === null ? '–' : format.count(estimate.runs)],
          ['Steps', stepsText(estimate)],
        ]}
      />
      {problems.size > 0 && (
        <ul className="problem-list" aria-label="Problems">
          {[...problems].map(([place, problem]) => (
            <li key={place}>
              <PlaceOfProblem place={place} /> {problem}
            </li>
          ))}
        </ul>
      )}
      <div className="actions">
        <Button kind="strong" disabled={plan === null || state.backend.status !== 'ready'} onAct={train}>
          Train
        </Button>
        <Button disabled={plan === null} onAct={exportPlan}>
          Export plan
        </Button>
      </div>
      <p className="soft">{readinessText(state.backend.status)}</p>
    </aside>
  );
}

/** For a setting, a way to its control, whose section may be folded. */
function PlaceOfProblem({ place }: { readonly place: string }) {
  const field = configFields.find(({ path }) => `config.${path}` === place);
  if (field === undefined) return null;
  return (
    <button type="button" className="link" onClick={() => showField(configFieldId(field.path))}>
      {field.label}:
    </button>
  );
}

function showField(id: string): void {
  const control = document.getElementById(id);
  const section = control?.closest('details');
  if (section != null) section.open = true;
  control?.focus();
}

function stepsText(estimate: StepEstimate | null): string {
  if (estimate === null) return '–';
  return `${estimate.upperBound ? 'at most ' : ''}${format.count(estimate.steps)}`;
}

function readinessText(backend: 'starting' | 'ready' | 'failed'): string {
  if (backend === 'starting') return 'Training can start when the backend is ready.';
  if (backend === 'failed') return 'Without a backend the plan can only be exported, for the headless command.';
  return 'An exported plan trains the same runs with the headless command.';
}
