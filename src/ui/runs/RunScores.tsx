// Shows the scores of a finished run: of the selected snapshot, and the mean over the saved ones.
import { useId } from 'react';
import type { Split } from '../../data/corpus/corpus.ts';
import type { EntityScores } from '../../metrics/scores/spanScore.ts';
import type { Spread } from '../../metrics/scores/spread.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { Button } from '../parts/Button.tsx';
import { ScoreTable } from '../parts/ScoreTable.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { scoreOf, selectedSnapshot, snapshotSpread } from '../shared/selectedSnapshot.ts';

type ScoredSplit = Exclude<Split, 'train'>;

interface RunScoresProps {
  readonly record: RunRecord;
  /** Index of the task in the run. */
  readonly task: number;
  /** The task's name where the run has several; null for the only one. */
  readonly name: string | null;
}

export function RunScores({ record, task, name }: RunScoresProps) {
  const titleId = useId();
  const selected = selectedSnapshot(record);
  const split: ScoredSplit = record.snapshots.some((snapshot) => snapshot.test[task] != null) ? 'test' : 'devel';
  const scores = selected?.[split][task] ?? null;
  if (selected === null || scores === null) return null;
  const of = name === null ? '' : ` of ${name}`;
  const types = typesOf([scores.lenient, scores.strict]);
  return (
    <section aria-labelledby={titleId}>
      <h2 id={titleId}>
        {split === 'test' ? 'Test scores' : 'Devel scores'}
        {of}
      </h2>
      {split === 'devel' && <p className="soft">The corpus has no test split.</p>}
      <ScoreTable
        label={`${split === 'test' ? 'Test' : 'Devel'} scores of the selected snapshot${name === null ? '' : `, ${name}`}`}
        types={types}
        countsOf={(type) => scoreOf(scores.lenient, type)}
        cell={(reading, type, measure) => format.percent(scoreOf(scores[reading], type)?.[measure])}
      />
      <p className="soft">
        Snapshot of epoch {selected.epoch}, {selectionText(record)}. {format.count(scores.sentences)} sentences,{' '}
        {format.count(scores.tokens)} tokens, token accuracy {format.percent(scores.accuracy)} %. The strict reading
        discards mentions that violate the tag scheme: {format.count(scores.discarded)} here.
      </p>
      {record.snapshots.length > 1 && (
        <>
          <h3>Mean ± standard deviation over the last {record.snapshots.length} snapshots</h3>
          <ScoreTable
            label={`Mean over ${record.snapshots.length} snapshots${name === null ? '' : `, ${name}`}`}
            types={types}
            cell={(reading, type, measure) =>
              spreadText(snapshotSpread(record.snapshots, { task, split, reading, type, measure }))
            }
          />
        </>
      )}
    </section>
  );
}

function typesOf(readings: readonly EntityScores[]): readonly string[] {
  return [...new Set(readings.flatMap(({ perType }) => Object.keys(perType)))].sort();
}

function selectionText(record: RunRecord): string {
  const chosenOnDevel = record.snapshots.some(({ devel }) => devel.some((scores) => scores !== null));
  const mean = record.spec.tasks.length > 1 ? ', the mean over the tasks' : '';
  return chosenOnDevel ? `the one with the highest devel F1${mean}` : 'the last one, as there is no devel score';
}

function spreadText(value: Spread | null): string {
  if (value === null) return '–';
  return value.deviation === null
    ? format.percent(value.mean)
    : `${format.percent(value.mean)} ± ${value.deviation.toFixed(2)}`;
}

const labelOf = (form: ModelForm, epoch: number): string =>
  form === 'PEFT' ? `Adapters for PEFT, epoch ${epoch}` : `Model in ${form}, epoch ${epoch}`;

const SCORES = ['Devel F1', 'Test precision', 'Test recall', 'Test F1', 'Test F1, strict'] as const;

interface SnapshotTableProps {
  readonly record: RunRecord;
  /** Index of the task in the run. */
  readonly task: number;
  readonly label: string;
  /** Saves the test predictions of a snapshot; null if the snapshots are not in this browser. */
  readonly onPredictions: ((epoch: number) => Promise<void>) | null;
  /** Saves a snapshot as a model; null if the snapshots are not in this browser, or another task's table offers it. */
  readonly onModel: ((epoch: number, form: ModelForm) => Promise<void>) | null;
}

/** The whole model in one of two precisions, or the adapters alone. */
export type ModelForm = 'F32' | 'F16' | 'PEFT';

/** Lists the saved snapshots of a run with their devel and test scores. */
export function SnapshotTable({ record, task, label, onPredictions, onModel }: SnapshotTableProps) {
  const isAdapted = record.spec.config.adapters !== undefined;
  const forms: readonly ModelForm[] = isAdapted ? ['F32', 'F16', 'PEFT'] : ['F32', 'F16'];
  return (
    <TableBox label={label}>
      <thead>
        <tr>
          <th scope="col">Epoch</th>
          {SCORES.map((name) => (
            <th key={name} scope="col" className="number">
              {name}
            </th>
          ))}
          <th scope="col">Selected</th>
          {onPredictions !== null && <th scope="col">Predictions</th>}
          {onModel !== null && <th scope="col">Download model</th>}
        </tr>
      </thead>
      <tbody>
        {record.snapshots.map(({ epoch, devel, test }) => (
          <tr key={epoch} className={epoch === record.selectedEpoch ? 'chosen' : undefined}>
            <th scope="row">{epoch}</th>
            <td className="number">{format.percent(devel[task]?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.precision)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.recall)}</td>
            <td className="number">{format.percent(test[task]?.lenient.overall.f1)}</td>
            <td className="number">{format.percent(test[task]?.strict.overall.f1)}</td>
            <td>{epoch === record.selectedEpoch ? 'selected' : ''}</td>
            {onPredictions !== null && (
              <td>
                <Button onAct={() => onPredictions(epoch)} label={`Save predictions, epoch ${epoch}`}>
                  Save
                </Button>
              </td>
            )}
            {onModel !== null && (
              <td>
                <div className="actions">
                  {forms.map((form) => (
                    <Button key={form} onAct={() => onModel(epoch, form)} label={labelOf(form, epoch)}>
                      {form}
                    </Button>
                  ))}
                </div>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
