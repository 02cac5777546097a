// Edits every setting of a run: the frequent ones at once, the others in collapsible sections that can be searched.
import { useState } from 'react';
import type { ModelLimits } from '../../lab/plans/presets.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import { Field, type ControlProps } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { draftOfConfig, settingText, type ConfigDraft } from './configDraft.ts';
import { FREQUENT_SETTINGS } from './configFields.ts';
import { configSectionsFor, otherSections, type ExplainedField, type ExplainedSection } from './configHelp.ts';

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

/** The settings that most people change, in the order in which they are shown. */
export function FrequentFields(props: ConfigFormProps) {
  const fields = configSectionsFor(props.model).flatMap((section) => section.fields);
  const frequent = FREQUENT_SETTINGS.flatMap((path) => fields.find((field) => field.path === path) ?? []);
  return (
    <div className="fields" role="group" aria-label="Frequent settings">
      {frequent.map((field) => (
        <ConfigEntry key={field.path} field={field} {...props} />
      ))}
    </div>
  );
}

/** All other settings in collapsed sections; those that a search finds are shown opened. */
export function OtherFields(props: ConfigFormProps) {
  const [search, setSearch] = useState('');
  const sections = otherSections(props.model, search);
  const found = sections.reduce((sum, { fields }) => sum + fields.length, 0);
  const isSearching = search.trim() !== '';
  return (
    <section aria-labelledby="other-settings" className="other-settings">
      <div className="filters">
        <h3 id="other-settings">All other settings</h3>
        <input
          type="search"
          aria-label="Search settings"
          placeholder="Search settings …"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
        <span role="status" className="faint">
          {isSearching && (found === 0 ? 'No setting has these words.' : `${format.counted(found, 'setting')} found`)}
        </span>
      </div>
      {found > 0 && (
        <div className="config-form">
          {sections.map((section) => (
            // A section that a search has opened is another one, so that it closes again with the search.
            <SectionFields key={`${section.id} ${isSearching}`} section={section} isOpen={isSearching} {...props} />
          ))}
        </div>
      )}
    </section>
  );
}

function SectionFields({
  section,
  isOpen,
  ...form
}: ConfigFormProps & { readonly section: ExplainedSection; readonly isOpen: boolean }) {
  const { changed, problems } = form;
  const changedCount = section.fields.filter((field) => changed.has(field.path)).length;
  const problemCount = section.fields.filter((field) => problems.has(`config.${field.path}`)).length;
  return (
    <details className="fold section" open={isOpen}>
      <summary>
        <span>{section.title}</span>
        <span className="section-notes">
          {problemCount > 0 && <span className="problem">{format.counted(problemCount, 'problem')}</span>}
          {changedCount > 0 && <span className="accent">{changedCount} changed</span>}
          <span className="faint">{format.counted(section.fields.length, 'setting')}</span>
        </span>
      </summary>
      <div className="fields">
        {section.fields.map((field) => (
          <ConfigEntry key={field.path} field={field} {...form} />
        ))}
      </div>
    </details>
  );
}

/** A setting with its help, its problem, and what the preset has where it was changed. */
function ConfigEntry({
  field,
  draft,
  preset,
  changed,
  problems,
  onChange,
}: ConfigFormProps & { readonly field: ExplainedField }) {
  const set = (value: string | boolean) => onChange(field.path, value);
  const reset = { from: settingText(field, preset), onReset: () => set(draftOfConfig(preset)[field.path] ?? '') };
  return (
    <Field
      id={configFieldId(field.path)}
      label={field.label}
      help={field.help}
      problem={problems.get(`config.${field.path}`)}
      changed={changed.has(field.path) ? reset : undefined}
    >
      {(control) => <Control field={field} value={draft[field.path] ?? ''} onChange={set} control={control} />}
    </Field>
  );
}

interface ConfigControlProps {
  readonly field: ExplainedField;
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
