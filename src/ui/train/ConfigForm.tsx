// Edits every setting of a run, in collapsible sections.
import type { ModelLimits } from '../../lab/plans/presets.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import { Field, type ControlProps } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { draftOfConfig, settingText, type ConfigDraft } from './configDraft.ts';
import { configSectionsFor, type ConfigField, type ConfigSection } from './configFields.ts';

export interface ConfigFormProps {
  readonly draft: ConfigDraft;
  /** The model to train, on which some settings depend; null before there is one. */
  readonly model: ModelLimits | null;
  /** The preset's configuration, for marking changes. */
  readonly preset: TrainingConfig;
  readonly changed: ReadonlySet<string>;
  /** Problems by field, with `config.` before the path. */
  readonly problems: ReadonlyMap<string, string>;
  readonly onChange: (path: string, value: string | boolean) => void;
}

/** Returns the id of the element that edits a setting. */
export function configFieldId(path: string): string {
  return `config.${path}`;
}

export function ConfigForm(props: ConfigFormProps) {
  return (
    <div className="config-form">
      {configSectionsFor(props.model).map((section) => (
        <SectionFields key={section.id} section={section} {...props} />
      ))}
    </div>
  );
}

function SectionFields({
  section,
  draft,
  preset,
  changed,
  problems,
  onChange,
}: ConfigFormProps & { readonly section: ConfigSection }) {
  const changedCount = section.fields.filter((field) => changed.has(field.path)).length;
  const problemCount = section.fields.filter((field) => problems.has(`config.${field.path}`)).length;
  const presetDraft = draftOfConfig(preset);
  return (
    <details className="fold section">
      <summary>
        <span>{section.title}</span>
        <span className="section-notes">
          {problemCount > 0 && <span className="problem">{format.counted(problemCount, 'problem')}</span>}
          {changedCount > 0 && <span className="accent">{changedCount} changed</span>}
          <span className="faint">{format.counted(section.fields.length, 'setting')}</span>
        </span>
      </summary>
      <div className="fields">
        {section.fields.map((field) => {
          const set = (value: string | boolean) => onChange(field.path, value);
          const reset = { from: settingText(field, preset), onReset: () => set(presetDraft[field.path] ?? '') };
          return (
            <Field
              key={field.path}
              id={configFieldId(field.path)}
              label={field.label}
              help={field.help}
              problem={problems.get(`config.${field.path}`)}
              changed={changed.has(field.path) ? reset : undefined}
            >
              {(control) => <Control field={field} value={draft[field.path] ?? ''} onChange={set} control={control} />}
            </Field>
          );
        })}
      </div>
    </details>
  );
}

interface ConfigControlProps {
  readonly field: ConfigField;
  readonly value: string | boolean;
  readonly onChange: (value: string | boolean) => void;
  readonly control: ControlProps;
}

function Control({ field, value, onChange, control }: ConfigControlProps) {
  if (field.control.kind === 'switch') {
    return (
      <input
        {...control}
        type="checkbox"
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  }
  if (field.control.kind === 'choice') {
    return (
      <select {...control} value={String(value)} onChange={(event) => onChange(event.target.value)}>
        {field.control.options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    );
  }
  return (
    <input
      {...control}
      type="text"
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      value={String(value)}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
