// Scores of a finished run: the selected snapshot, and the mean over the kept ones.
import type { Split } from '../../data/corpus.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import type { EntityScores } from '../../schema/scores.ts';
import { format } from '../format.ts';
import { selectedSnapshot } from '../selectedSnapshot.ts';
import { scoreOf, snapshotSpread, type Spread } from '../snapshotSpread.ts';
import { ScoreTable } from './ScoreTable.tsx';

type ScoredSplit = Exclude<Split, 'train'>;

export function RunScores({ record }: { readonly record: RunRecord }) {
  const selected = selectedSnapshot(record);
  const split: ScoredSplit = record.snapshots.some((snapshot) => snapshot.test !== null) ? 'test' : 'devel';
  const scores = selected?.[split] ?? null;
  if (selected === null || scores === null) return null;
  const types = typesOf([scores.lenient, scores.strict]);
  return (
    <section aria-labelledby="scores-title">
      <h2 id="scores-title">{split === 'test' ? 'Test scores' : 'Devel scores'}</h2>
      {split === 'devel' && <p className="soft">The corpus has no test split.</p>}
      <ScoreTable
        label={split === 'test' ? 'Test scores of the selected snapshot' : 'Devel scores of the selected snapshot'}
        types={types}
        countsOf={(type) => scoreOf(scores.lenient, type)}
        cell={(reading, type, measure) => format.percent(scoreOf(scores[reading], type)?.[measure])}
      />
      <p className="soft">
        Snapshot of epoch {selected.epoch}, {selectionText(record)}. {format.count(scores.sentences)} sentences,{' '}
        {format.count(scores.tokens)} tokens, token accuracy {format.percent(scores.accuracy)} %. The strict reading
        drops mentions that break the tag scheme: {format.count(scores.discarded)} here.
      </p>
      {record.snapshots.length > 1 && (
        <>
          <h3>Mean ± standard deviation over the last {record.snapshots.length} snapshots</h3>
          <ScoreTable
            label={`Mean over ${record.snapshots.length} snapshots`}
            types={types}
            cell={(reading, type, measure) =>
              spreadText(snapshotSpread(record.snapshots, split, reading, type, measure))
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
  const chosenOnDevel = record.snapshots.some((snapshot) => snapshot.devel !== null);
  return chosenOnDevel ? 'the one with the highest devel F1' : 'the last one, as there is no devel score';
}

function spreadText(value: Spread | null): string {
  if (value === null) return '–';
  return value.deviation === null
    ? format.percent(value.mean)
    : `${format.percent(value.mean)} ± ${value.deviation.toFixed(2)}`;
}
