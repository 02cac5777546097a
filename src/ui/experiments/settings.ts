// Puts the settings of several runs side by side: what went into them, and which of it differs.
import type { RunRecord } from '../../schema/runRecord.ts';
import { backendName, format } from '../shared/format.ts';
import { methodName } from '../shared/runName.ts';
import { settingText } from '../train/configDraft.ts';
import { configSections } from '../train/configFields.ts';

export interface SettingRow {
  readonly name: string;
  /** By run, in words. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

export interface SettingGroup {
  readonly title: string;
  readonly rows: readonly SettingRow[];
}

type ValueOf = (record: RunRecord) => string;

/** Lists everything that went into runs, by group. A dash stands for what a run does not have. */
export function settingGroups(
  records: readonly RunRecord[],
  layersOf: (modelId: string) => number | undefined,
): readonly SettingGroup[] {
  const row = (name: string, valueOf: ValueOf): SettingRow => {
    const values = records.map(valueOf);
    return { name, values, differs: values.some((value) => value !== values[0]) };
  };
  const tasks = records.reduce((most, { spec }) => Math.max(most, spec.tasks.length), 0);
  const corpora = Array.from({ length: tasks }, (_, index) => {
    const number = tasks > 1 ? ` ${index + 1}` : '';
    return [
      row(`Corpus${number}`, ({ spec }) => spec.tasks[index]?.corpus.name ?? '–'),
      row(`Fingerprint of corpus${number}`, ({ spec }) => spec.tasks[index]?.corpus.fingerprint.slice(0, 16) ?? '–'),
      row(`Entity type${number}`, ({ spec: { tasks: own } }) => {
        return own[index] === undefined ? '–' : format.typeName(own[index].type);
      }),
    ];
  });
  return [
    {
      title: 'Inputs',
      rows: [
        row('Method', ({ spec }) => methodName(spec, layersOf(spec.model.id))),
        row('Category', ({ spec: { category } }) => category?.name ?? '–'),
        ...corpora.flat(),
        row('Model', ({ spec }) => spec.model.name),
        row('Fingerprint of model', ({ spec }) => spec.model.fingerprint.slice(0, 16)),
        row('Biases from MTL-XC', ({ spec: { slicing } }) => {
          return slicing === null ? '–' : slicing.biases === 'released' ? 'of all layers' : 'of the shared layers';
        }),
        row('Shared layers', ({ spec: { slicing } }) => {
          return slicing === null ? '–' : slicing.frozen ? 'frozen' : 'trained';
        }),
        row('Seed', ({ spec }) => String(spec.seed)),
      ],
    },
    ...configSections.map(({ title, fields }) => ({
      title,
      rows: fields.map((field) => row(field.label, ({ spec }) => settingText(field, spec.config) || '–')),
    })),
    {
      title: 'Trained with',
      rows: [
        row(
          'Software',
          trained(({ software }) => software),
        ),
        row('Backend', trained(({ backend, engine }) => `${backendName(backend)}${engine === undefined ? '' : ', engine'}`)), // prettier-ignore
        row(
          'Device',
          trained(({ device }) => device),
        ),
        row(
          'Precision',
          trained(({ precision }) => precision ?? 'f32'),
        ),
      ],
    },
  ];
}

type Environment = RunRecord['environments'][number];

/** A run that was moved has several values. */
function trained(valueOf: (environment: Environment) => string): ValueOf {
  return ({ environments }) => [...new Set(environments.map(valueOf))].join(', then ') || '–';
}

/** Leaves out what all runs have in common, and groups without a row. */
export function differingGroups(groups: readonly SettingGroup[]): readonly SettingGroup[] {
  return groups
    .map(({ title, rows }) => ({ title, rows: rows.filter(({ differs }) => differs) }))
    .filter(({ rows }) => rows.length > 0);
}
