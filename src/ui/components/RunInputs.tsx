// Everything that went into a run, for whoever wants to repeat it.
import { presets } from '../../lab/presets.ts';
import { SPLITS } from '../../data/corpus.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { changedPaths, draftOfConfig, settingText } from '../configDraft.ts';
import { configSections } from '../configFields.ts';
import { format } from '../format.ts';
import { nearestPreset } from '../planDraft.ts';
import { backendName } from './BackendPanel.tsx';
import { Facts, type Fact } from './Facts.tsx';

export interface RunInputsProps {
  readonly record: RunRecord;
  /** What wrote the result file the run came with; null for a run of this lab. */
  readonly software: string | null;
}

export function RunInputs({ record, software }: RunInputsProps) {
  const { spec } = record;
  const preset = nearestPreset(spec.config);
  const changed = changedPaths(draftOfConfig(spec.config), presets[preset].config);
  return (
    <details className="fold">
      <summary>Configuration and inputs</summary>
      <div className="inputs">
        <Facts kind="list" facts={inputFacts(record, software)} />
        <p className="soft">
          {changed.size === 0
            ? `All settings are those of the preset ${presets[preset].label}.`
            : `Closest preset: ${presets[preset].label}; ${format.counted(changed.size, 'setting')} marked below differ from it.`}
        </p>
        <div className="config-columns">
          {configSections.map((section) => (
            <section key={section.id}>
              <h3>{section.title}</h3>
              <Facts
                kind="list"
                facts={section.fields.map((field): Fact => {
                  const text = settingText(field, spec.config);
                  return [
                    field.label,
                    changed.has(field.path) ? <strong className="accent">{text} (changed)</strong> : text,
                  ];
                })}
              />
            </section>
          ))}
        </div>
      </div>
    </details>
  );
}

function inputFacts(record: RunRecord, software: string | null): readonly Fact[] {
  const { spec, counts, environments } = record;
  return [
    ['Run', <code>{spec.id}</code>],
    ['Corpus', <Named name={spec.corpus.name} fingerprint={spec.corpus.fingerprint} />],
    ['Entity type', format.typeName(spec.type)],
    ...(counts === null
      ? []
      : [
          ['Sentences', SPLITS.map((split) => `${format.count(counts[split].sentences)} ${split}`).join(', ')] as const,
          ['Mentions', SPLITS.map((split) => `${format.count(counts[split].mentions)} ${split}`).join(', ')] as const,
        ]),
    ['Tags', record.tags.length === 0 ? '–' : record.tags.join(' ')],
    ['Model', <Named name={spec.model.name} fingerprint={spec.model.fingerprint} />],
    ['Seed', spec.seed],
    ...environments.map((environment, index): Fact => [
      environments.length === 1 ? 'Trained with' : `Trained with (${index + 1})`,
      `${environment.software}, ${backendName(environment.backend)} on ${environment.device}, ${format.counted(
        environment.threads,
        'thread',
      )}, ${environment.platform}`,
    ]),
    ...(software === null ? [] : [['Exported by', software] as const]),
    ['Created', format.moment(record.createdAt)],
    ['Updated', format.moment(record.updatedAt)],
  ];
}

function Named({ name, fingerprint }: { readonly name: string; readonly fingerprint: string }) {
  return (
    <>
      {name} <code className="fingerprint">{fingerprint}</code>
    </>
  );
}
