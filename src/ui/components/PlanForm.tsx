// The form for a plan of a person's own: tasks, model, seeds, preset and every setting.
import { presets, type PresetName } from '../../lab/presets.ts';
import { draftOfConfig } from '../configDraft.ts';
import { inputOf, PRESET_NAMES, readPlanDraft, type PlanDraft } from '../planDraft.ts';
import { useLab } from '../useLab.ts';
import { ConfigForm } from './ConfigForm.tsx';
import { DropZone } from './DropZone.tsx';
import { Field } from './Field.tsx';
import { PlanSummary } from './PlanSummary.tsx';
import { TaskRows } from './TaskRows.tsx';

export interface PlanFormProps {
  readonly draft: PlanDraft;
  readonly onDraft: (draft: PlanDraft) => void;
}

export function PlanForm({ draft, onDraft }: PlanFormProps) {
  const { state } = useLab();
  const read = readPlanDraft(draft, state);
  const change = (part: Partial<PlanDraft>) => onDraft({ ...draft, ...part });
  const choosePreset = (preset: PresetName) => change({ preset, config: draftOfConfig(presets[preset].config) });
  const { kept: model, input: wantedModel } = read.model;
  return (
    <section aria-labelledby="plan-title" className="plan">
      <h2 id="plan-title">Your own work</h2>
      <div className="plan-columns">
        <form className="plan-fields" onSubmit={(event) => event.preventDefault()}>
          <DropZone>
            <strong>Drop a corpus</strong> (CoNLL files, a folder or a zip), a Hugging Face XLNet folder, or a plan
            file.
          </DropZone>
          <TaskRows read={read} corpora={state.corpora} onTasks={(tasks) => change({ tasks })} />
          <div className="fields">
            <Field label="Model" problem={read.problems.get('model')}>
              {(control) => (
                <select
                  {...control}
                  value={model?.id ?? ''}
                  onChange={(event) => {
                    const next = state.models.find(({ id }) => id === event.target.value);
                    if (next !== undefined) change({ model: inputOf(next) });
                  }}
                >
                  {model === null && <option value="">{wantedModel?.name ?? 'none yet'}</option>}
                  {state.models.map(({ id, name }) => (
                    <option key={id} value={id}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            <Field label="Method" help="Fine-tunes the pretrained model on each task alone.">
              {(control) => (
                <select {...control} value={draft.method} onChange={() => change({ method: 'STL' })}>
                  <option value="STL">STL, single-task learning</option>
                </select>
              )}
            </Field>
            <Field label="Seeds" help="One run each, separated by commas." problem={read.problems.get('seeds')}>
              {(control) => (
                <input
                  {...control}
                  type="text"
                  autoComplete="off"
                  value={draft.seeds}
                  onChange={(event) => change({ seeds: event.target.value })}
                />
              )}
            </Field>
            <Field label="Plan name" help="Optional; names the exported files.">
              {(control) => (
                <input
                  {...control}
                  type="text"
                  autoComplete="off"
                  value={draft.name}
                  placeholder={draft.name === '' ? (read.plan?.name ?? '') : ''}
                  onChange={(event) => change({ name: event.target.value })}
                />
              )}
            </Field>
          </div>
          <PresetChoice preset={draft.preset} onChoose={choosePreset} />
          <ConfigForm
            draft={draft.config}
            preset={presets[draft.preset].config}
            changed={read.changed}
            problems={read.problems}
            onChange={(config) => change({ config })}
          />
        </form>
        <PlanSummary read={read} preset={draft.preset} />
      </div>
    </section>
  );
}

function PresetChoice({
  preset,
  onChoose,
}: {
  readonly preset: PresetName;
  readonly onChoose: (preset: PresetName) => void;
}) {
  return (
    <fieldset className="presets">
      <legend>Preset</legend>
      <div className="preset-list">
        {PRESET_NAMES.map((name) => (
          <label key={name} className={`preset${name === preset ? ' chosen' : ''}`}>
            <input
              type="radio"
              name="preset"
              checked={name === preset}
              onChange={() => onChoose(name)}
              aria-describedby="preset-text"
            />
            {presets[name].label}
          </label>
        ))}
      </div>
      <p id="preset-text" className="field-help">
        {presets[preset].description}
      </p>
    </fieldset>
  );
}
