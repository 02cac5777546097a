// Shows precision, recall and F1 overall and by type, says where scores come from samples, and links to the analyses that explain them.
import { Fragment } from 'react';
import { sampleRemark } from '../../data/catalogue/samples.ts';
import type { SpanScore } from '../../metrics/scores/spanScore.ts';
import type { RunSpec, TaskRef } from '../../schema/runRecord.ts';
import { Term } from '../help/Term.tsx';
import type { TermName } from '../help/helpTexts.ts';
import { format } from '../shared/format.ts';
import { ANALYSIS_VIEWS, NOTHING_CHOSEN, routeHref, type AnalysisView } from '../shared/route.ts';
import { MEASURES, READINGS, type Measure, type Reading } from '../shared/runName.ts';
import { useLab } from '../shared/useLab.ts';
import { TableBox } from './TableBox.tsx';

const READING_WORDS: Readonly<Record<Reading, readonly [term: TermName, text: string]>> = {
  lenient: ['conlleval', 'conlleval (lenient)'],
  strict: ['strict', 'strict'],
};
const MEASURE_WORDS: Readonly<Record<Measure, string>> = { precision: 'Precision', recall: 'Recall', f1: 'F1' };

const MEASURE_TERMS: Readonly<Record<Measure, TermName>> = { precision: 'precision', recall: 'recall', f1: 'F1' };

export interface ScoreTableProps {
  readonly label: string;
  readonly types: readonly string[];
  /** The text of one score; `type` null is overall. */
  readonly cell: (reading: Reading, type: string | null, measure: Measure) => string;
  /** Counts of mentions, where each is a single number. */
  readonly countsOf?: (type: string | null) => SpanScore | undefined;
}

export function ScoreTable({ label, types, cell, countsOf }: ScoreTableProps) {
  const rows: readonly (string | null)[] = types.length > 1 ? [null, ...types] : [null];
  return (
    <TableBox label={label} className="scores">
      <thead>
        <tr className="group-row">
          <td />
          {READINGS.map((reading) => (
            <th key={reading} scope="colgroup" colSpan={MEASURES.length} className="group">
              <Term name={READING_WORDS[reading][0]}>{READING_WORDS[reading][1]}</Term>
            </th>
          ))}
          {countsOf !== undefined && (
            <th scope="colgroup" colSpan={3} className="group">
              mentions (lenient)
            </th>
          )}
        </tr>
        <tr>
          <td />
          {READINGS.flatMap((reading, index) =>
            MEASURES.map((measure) => (
              <th key={`${reading}-${measure}`} scope="col" className="number">
                {index === 0 ? (
                  <Term name={MEASURE_TERMS[measure]}>{MEASURE_WORDS[measure]}</Term>
                ) : (
                  MEASURE_WORDS[measure]
                )}
              </th>
            )),
          )}
          {countsOf !== undefined &&
            ['Gold', 'Predicted', 'Correct'].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((type) => (
          <tr key={type ?? ''} className={type === null ? 'overall' : undefined}>
            <th scope="row">{type ?? (types.length === 1 ? types[0] : 'Overall')}</th>
            {READINGS.flatMap((reading) =>
              MEASURES.map((measure) => (
                <td key={`${reading}-${measure}`} className={`number nowrap${measure === 'f1' ? ' strong' : ''}`}>
                  {cell(reading, type, measure)}
                </td>
              )),
            )}
            {countsOf !== undefined && <CountCells score={countsOf(type)} />}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

function CountCells({ score }: { readonly score: SpanScore | undefined }) {
  return (
    <>
      {[score?.gold, score?.predicted, score?.correct].map((value, index) => (
        <td key={index} className="number">
          {value === undefined ? '–' : format.count(value)}
        </td>
      ))}
    </>
  );
}

// Says beside scores that they come from sample corpora, whose sentences are invented.

/** Nothing where no run trains on a sample. */
export function SampleRemark({ specs }: { readonly specs: readonly Pick<RunSpec, 'tasks'>[] }) {
  const corpora = new Map(specs.flatMap(({ tasks }) => tasks.map(({ corpus }) => [corpus.id, corpus] as const)));
  const remark = sampleRemark([...corpora.values()]);
  return remark === null ? null : <p className="soft sample-remark">{remark}</p>;
}

// Links a task, or a run's score on it, to the analyses that explain it.

/** Names of the analyses. */
export const viewNames: Readonly<Record<AnalysisView, string>> = {
  sets: 'Entity sets',
  labels: 'Labels',
  leaks: 'Leaks',
  breakdown: 'Breakdown',
  errors: 'Errors',
  confidence: 'Confidence',
};

interface AnalyseLinksProps {
  readonly task: TaskRef;
  /** Null for the task itself. */
  readonly runId: string | null;
}

/** Shows the links; nothing if the task's corpus or the run is not in this library. */
export function AnalyseLinks({ task, runId }: AnalyseLinksProps) {
  const corpus = useLab(({ corpora }) => corpora.find(({ fingerprint }) => fingerprint === task.corpus.fingerprint));
  const isHere = useLab(({ runs }) => runId === null || runs.some(({ record }) => record.spec.id === runId));
  if (corpus === undefined || !isHere) return null;
  const place = { ...NOTHING_CHOSEN, corpus: corpus.id, type: task.type, run: runId };
  return (
    <p>
      {runId === null ? 'Analyse this task: ' : 'Analyse this score: '}
      {ANALYSIS_VIEWS.map((view, index) => (
        <Fragment key={view}>
          {index > 0 && ' · '}
          <a href={routeHref({ page: 'analyse', ...place, view })}>{viewNames[view]}</a>
        </Fragment>
      ))}
    </p>
  );
}
