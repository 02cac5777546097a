// Edits every setting of a run: the frequent ones at once, the others in collapsible sections that can be searched, with help for each.
import { useState } from 'react';
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { ModelLimits } from '../../lab/plans/presets.ts';
import type { TrainingConfig } from '../../schema/config.ts';
import { Field, type ControlProps } from '../parts/Field.tsx';
import { format } from '../shared/format.ts';
import { configSections, FREQUENT_SETTINGS, type ConfigField, type ConfigSection } from './configFields.ts';
import { draftOfConfig, settingText, type ConfigDraft } from './planDraft.ts';

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

// Explains every setting of a run in the paper's terms, and finds settings by words.

export interface ExplainedField extends ConfigField {
  readonly help: string;
}

export interface ExplainedSection extends ConfigSection {
  readonly fields: readonly ExplainedField[];
}

/** Help by the path of a setting. */
const configHelp: Readonly<Record<string, string>> = {
  epochs: 'Passes over the training sentences.',
  steps: 'Stops after this number of updates regardless of epochs, as the released code does. Empty: whole epochs.',
  mixing: 'How often each task is sampled when several are trained together; the paper shuffles all sentences.',
  batchSize: 'Sequences per update.',
  microBatchSize:
    'Sequences processed at once. Gradients accumulate up to the batch size; a smaller value needs less memory.',
  trainOn: 'With devel in training there is no devel score, and the last epoch is selected.',
  trainShare:
    'Between 0 and 1, to see how F1 grows with training data. The seed draws it from each task, smaller shares being subsets of larger ones. Empty: all.',
  leaveOut:
    'A score on test sentences seen in training says little about new text. Sentences that occur in the test split of any task of the run can be left out of training; the run reports their number either way.',
  snapshots: 'Number of final epochs whose weights are saved and scored on test. The paper saves five.',
  learningRate: 'Peak rate of the head.',
  decay: 'Linear decays to 0 over all steps.',
  warmupSteps: 'Steps from 0 to the peak rate. The paper has none.',
  'layerDecay.mode':
    'The paper lowers the rate from layer to layer; the released code scales the clipped gradients instead, which Adam nearly cancels.',
  'layerDecay.factor': 'Factor from one layer to the layer below.',
  clipNorm: 'Maximum global norm of the gradient. Empty: no clipping.',
  'adam.beta1': 'Decay rate of the gradient mean.',
  'adam.beta2': 'Decay rate of the squared gradient mean.',
  'adam.epsilon': 'The paper uses 1e-6.',
  'adam.epsilonForm':
    'Added to the bias-corrected root, as in PyTorch, or to the uncorrected one, as in TensorFlow and the released code.',
  'dropout.encoder': 'Embedding, attention output, feed-forward.',
  'dropout.attention': 'Attention probabilities.',
  'dropout.head': 'Encoder output before the head.',
  'dropout.words': 'Of whole words. Only in networks of words; empty: none.',
  'dropout.masks': 'One for all words of a sentence is locked dropout. Only in networks of words.',
  'adapters.projections':
    'Trains small matrices beside the projections of each layer, and the head; the pretrained weights stay as they are. Large models then need far less memory and storage. A learning rate of about 1e-3 suits them.',
  'adapters.rank': 'Width of an adapter, from 1 to 256. Only with adapters; empty: 8.',
  'adapters.alpha': 'What an adapter adds is multiplied by alpha over rank. Only with adapters; empty: 16.',
  'adapters.dropout': 'Of what adapters read. Only with adapters; empty: 0.',
  labelMode: 'How pieces are passed to the CRF.',
  tagScheme: 'Tag scheme the head predicts; corpora in another scheme are converted.',
  encoding: 'Each token is encoded separately, as in the released code, or the tokens are joined by spaces.',
  lowerCase: 'Converts the text to lower case first, as the released code does.',
  layout: 'Packed: sentences in file order fill a sequence, without separators.',
  maxPieces: 'In pieces, including special ones. Longer sentences are split at token boundaries.',
  specials: 'Pieces that end a sequence, as in Hugging Face or in the released code.',
  specialsInLoss: 'Special pieces are tagged O and included in the loss, as in the released code.',
  head: 'CRF, or independent tags.',
  crfStartEnd: 'Start and end states of the CRF, as in equation 1 of the paper; the released code has none.',
};

const explainedSections: readonly ExplainedSection[] = configSections.map((section) => ({
  ...section,
  fields: section.fields.map((field) => ({ ...field, help: configHelp[field.path] ?? '' })),
}));

/** Returns the sections for a model: with the specials of its family, and the limit set by its positions. */
export function configSectionsFor(model: ModelLimits | null): readonly ExplainedSection[] {
  if (model === null) return explainedSections;
  return explainedSections.map((section) => ({
    ...section,
    fields: section.fields.map((field) => fieldFor(field, model)),
  }));
}

/** Returns the sections without the frequent settings, and of these the settings that have every word of a search in their texts. */
export function otherSections(model: ModelLimits | null, search: string): readonly ExplainedSection[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const others = configSectionsFor(model).map((section) => ({
    ...section,
    fields: section.fields.filter((field) => {
      const options = field.control.kind === 'choice' ? field.control.options.map(([, label]) => label) : [];
      const text = [section.title, field.path, field.label, field.help, ...options].join(' ').toLowerCase();
      return !FREQUENT_SETTINGS.includes(field.path) && words.every((word) => text.includes(word));
    }),
  }));
  return others.filter(({ fields }) => fields.length > 0);
}

function fieldFor(field: ExplainedField, { family, positions }: ModelLimits): ExplainedField {
  if (field.path === 'maxPieces' && positions !== undefined) {
    return { ...field, help: `${field.help} This model has ${positions} positions.` };
  }
  if (field.path !== 'specials' || field.control.kind !== 'choice') return field;
  const { specials, name } = factsOf(family);
  const known: readonly string[] = specials;
  return {
    ...field,
    help: specials.length === 1 ? `Pieces around a sequence, as in the pretraining of every ${name}.` : field.help,
    control: { kind: 'choice', options: field.control.options.filter(([option]) => known.includes(option)) },
  };
}
