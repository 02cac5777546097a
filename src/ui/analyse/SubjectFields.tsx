// Chooses the task, its category, and the snapshot to analyse; every choice is in the address.
import { taskKey } from '../../lab/comparison/comparison.ts';
import { format } from '../shared/format.ts';
import { goTo, NOTHING_CHOSEN, type AnalysisRoute } from '../shared/route.ts';
import { taskRefName } from '../shared/runName.ts';
import { useRunNaming } from '../shared/useDescriptions.ts';
import { choiceName, type Subject } from './subject.ts';

export function SubjectFields({ subject, route }: { readonly subject: Subject; readonly route: AnalysisRoute }) {
  const { tasks, task, categories, category, runs, run, prediction } = subject;
  const naming = useRunNaming();
  const choose = (part: Partial<AnalysisRoute>) => goTo({ page: 'analyse', ...pinned(subject, route), ...part });
  return (
    <div className="filters subject">
      <label>
        Task
        <select
          value={taskKey(task)}
          onChange={(event) => {
            const next = tasks.find((one) => taskKey(one) === event.target.value);
            if (next === undefined) return;
            const { view, experiment } = route;
            goTo({ page: 'analyse', ...NOTHING_CHOSEN, view, experiment, corpus: next.corpus.id, type: next.type });
          }}
        >
          {tasks.map((one) => (
            <option key={taskKey(one)} value={taskKey(one)}>
              {taskRefName(one)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Category
        <select value={category.name} onChange={(event) => choose({ category: event.target.value })}>
          {categories.map(({ name, tasks: members }) => (
            <option key={name} value={name}>
              {members.length > 1 ? `${name}, ${format.counted(members.length, 'task')}` : name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Run
        <select
          value={run?.record.spec.id ?? ''}
          disabled={runs.length === 0}
          onChange={(event) => choose({ run: event.target.value, epoch: null, category: null })}
        >
          {run === null && <option value="">no run on this task yet</option>}
          {runs.map((one) => (
            <option key={one.record.spec.id} value={one.record.spec.id}>
              {choiceName(one, naming)}
            </option>
          ))}
        </select>
      </label>
      {run !== null && run.record.snapshots.length > 1 && (
        <label>
          Snapshot
          <select value={prediction?.epoch ?? ''} onChange={(event) => choose({ epoch: Number(event.target.value) })}>
            {run.record.snapshots.map(({ epoch }) => (
              <option key={epoch} value={epoch}>
                {epoch === run.record.selectedEpoch ? `epoch ${epoch}, selected` : `epoch ${epoch}`}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}

/** Returns the route with its task named, so that another choice does not change the task. */
function pinned({ task }: Subject, route: AnalysisRoute): AnalysisRoute {
  return { ...route, corpus: task.corpus.id, type: task.type };
}

/** Chooses a second run on the same task to compare with the first. */
export function BesideField({ subject, route }: { readonly subject: Subject; readonly route: AnalysisRoute }) {
  const naming = useRunNaming();
  const others = subject.runs.filter(({ record }) => record !== subject.run?.record);
  const chosen = others.find(({ record }) => record.spec.id === route.beside);
  return (
    <label>
      Compare with
      <select
        value={chosen?.record.spec.id ?? ''}
        disabled={others.length === 0}
        onChange={(event) => {
          const beside = event.target.value === '' ? null : event.target.value;
          goTo({ page: 'analyse', ...route, run: subject.run?.record.spec.id ?? null, beside });
        }}
      >
        <option value="">{others.length === 0 ? 'no other run on this task' : 'none'}</option>
        {others.map((one) => (
          <option key={one.record.spec.id} value={one.record.spec.id}>
            {choiceName(one, naming)}
          </option>
        ))}
      </select>
    </label>
  );
}
