// Lists everything that went into a run and what happened to it, so that it can be repeated.
import { useId } from 'react';
import { isSampleCorpus } from '../../data/catalogue/samples.ts';
import { SPLITS } from '../../data/corpus/corpus.ts';
import { presets } from '../../lab/plans/presets.ts';
import type { RunRecord, RunSpec, TaskRef } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { type Fact, Facts, NumberTable, TableBox } from '../parts/TableBox.tsx';
import { backendName, format } from '../shared/format.ts';
import { taskRefName } from '../shared/runName.ts';
import { configSections } from '../train/configFields.ts';
import { changedPaths, draftOfConfig, nearestPreset, settingText } from '../train/planDraft.ts';

interface RunInputsProps {
  readonly record: RunRecord;
  /** The software that exported the result file of the run; null for a run of this lab. */
  readonly software: string | null;
}

/** Lists everything that went into a run, so that it can be repeated. */
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
            ? `All settings match the preset ${presets[preset].label}.`
            : `Closest preset: ${presets[preset].label}; the ${format.counted(changed.size, 'setting')} marked below ${changed.size === 1 ? 'differs' : 'differ'} from it.`}
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
  const { spec, environments } = record;
  return [
    ['Run', <code>{spec.id}</code>],
    ...slicingFacts(spec),
    ...spec.tasks.flatMap((task, position) =>
      taskFacts(record, task, spec.tasks.length > 1 ? ` ${position + 1}` : '', position),
    ),
    ['Tags', record.tags.length === 0 ? '–' : record.tags.join(' ')],
    ['Model', <Named name={spec.model.name} fingerprint={spec.model.fingerprint} />],
    ['Seed', spec.seed],
    ...environments.map((environment, index): Fact => [
      environments.length === 1 ? 'Trained with' : `Trained with (${index + 1})`,
      `${environment.software}, ${backendName(environment.backend)} on ${environment.device}, ${format.counted(
        environment.threads,
        'thread',
      )}${environment.engine === 'processor' ? ' (engine)' : ''}${environment.multiplyAdds === 'twice' ? ', multiply-adds rounded twice' : ''}${environment.precision === 'mixed' ? ', mixed precision' : ''}, ${environment.platform}${
        environment.plainNetwork === undefined ? '' : `; ${environment.plainNetwork}`
      }`,
    ]),
    ...(software === null ? [] : [['Exported by', software] as const]),
    ['Created', format.moment(record.createdAt)],
    ['Updated', format.moment(record.updatedAt)],
  ];
}

function taskFacts({ counts }: RunRecord, { corpus, type }: TaskRef, number: string, index: number): readonly Fact[] {
  const own = counts?.[index];
  const facts: readonly Fact[] = [
    [
      `Corpus${number}`,
      <Named
        name={isSampleCorpus(corpus) ? `${corpus.name} (sample, invented sentences)` : corpus.name}
        fingerprint={corpus.fingerprint}
      />,
    ],
    [`Entity type${number}`, format.typeName(type)],
  ];
  if (own === undefined) return facts;
  return [
    ...facts,
    [`Sentences${number}`, SPLITS.map((split) => `${format.count(own[split].sentences)} ${split}`).join(', ')],
    [`Mentions${number}`, SPLITS.map((split) => `${format.count(own[split].mentions)} ${split}`).join(', ')],
  ];
}

function slicingFacts({ category, slicing, round, parent }: RunSpec): readonly Fact[] {
  return [
    ...(category === null ? [] : [['Category', `${category.name}, type name ${category.typeName}`] as const]),
    ...(slicing === null
      ? []
      : [
          ['Layers from MTL-XC', `${slicing.layers}, and the embedding${slicing.frozen ? '; frozen' : ''}`] as const,
          [
            'Biases from MTL-XC',
            slicing.biases === 'released' ? 'of all layers, as released' : 'of the shared layers',
          ] as const,
        ]),
    ...(round === 0 ? [] : [['Round', round] as const]),
    ...(parent === null ? [] : [['Starts from run', <code>{parent}</code>] as const]),
  ];
}

function Named({ name, fingerprint }: { readonly name: string; readonly fingerprint: string }) {
  return (
    <>
      {name} <code className="fingerprint">{fingerprint}</code>
    </>
  );
}

/** Lists the interruptions of a run; nothing if there were none. */
export function RunInterruptions({ record: { spec, interruptions } }: { readonly record: RunRecord }) {
  const titleId = useId();
  if (interruptions === undefined || interruptions.length === 0) return null;
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>Interruptions</h2>
      <TableBox label="Interruptions">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What happened</th>
            <th scope="col" className="number">
              Resumed from step
            </th>
            <th scope="col" className="number">
              Micro-batch
            </th>
          </tr>
        </thead>
        <tbody>
          {interruptions.map(({ at, step, failure, microBatchSize }, index) => (
            <tr key={index}>
              <td className="nowrap">{format.moment(at)}</td>
              <th scope="row">{LabError.describe(failure)}</th>
              <td className="number">{format.count(step)}</td>
              <td className="number">{microBatchSize}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
      <p className="soft">
        The run resumed automatically from its last resume point, with the same results as without an interruption
        {interruptions.some(({ microBatchSize }) => microBatchSize < spec.config.microBatchSize) &&
          ', except that smaller micro-batches for lack of memory change the dropout masks, though not the batches'}
        .
      </p>
    </section>
  );
}

const COLUMNS = [
  'Test sentences compared',
  'In training text',
  'Near duplicates',
  'Training sentences left out',
] as const;

/** Lists the leaks of a run; nothing if it was never started, or trained by an earlier version. */
export function RunLeaks({ record: { spec, leaks } }: { readonly record: RunRecord }) {
  const titleId = useId();
  if (leaks === undefined) return null;
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>Leaks</h2>
      <NumberTable
        label="Leaks"
        columns={['Task', ...COLUMNS]}
        rows={spec.tasks.map((task, index) => {
          const { compared, exact, near, leftOut } = leaks[index] ?? {};
          return { key: index, head: taskRefName(task), numbers: [compared, exact, near, leftOut].map(count) };
        })}
      />
      <p className="soft">
        Test sentences of at least five tokens, and how many of them occur in the training text of the run’s{' '}
        {spec.tasks.length === 1 ? 'task' : 'tasks'}, ignoring case and spaces, or have a near duplicate there, before
        any sentence is left out.
        {spec.parent !== null && ' The training text of the run that this one starts from is counted in that run.'}
      </p>
    </section>
  );
}

function count(value: number | undefined): string {
  return value === undefined ? '–' : format.count(value);
}
