// Counts mentions by kind and shows precision, recall and F1 under nervaluate's four schemes, for one snapshot or two.
import type { ErrorScores } from '../../analysis/questions/errorsQuery.ts';
import type { Task } from '../../data/corpus/corpus.ts';
import { ERROR_KINDS, type ErrorKind } from '../../metrics/errorKinds.ts';
import { SEMEVAL_VIEWS } from '../../metrics/semevalScores.ts';
import { AnalysisWait } from '../parts/AnalysisWait.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useAnalysis } from '../shared/useAnalysis.ts';
import { errorWords } from './errorWords.ts';
import type { ComparedSnapshots } from './subject.ts';

const MEASURES = [
  ['precision', 'Precision'],
  ['recall', 'Recall'],
  ['f1', 'F1'],
] as const;

/** Mentions of one type cannot have another. */
const ONE_TYPE_KINDS = ERROR_KINDS.filter((kind) => kind !== 'type' && kind !== 'boundaryAndType');

export interface ErrorScoreTablesProps {
  readonly task: Task;
  readonly variants: ComparedSnapshots;
}

export function ErrorScoreTables({ task, variants: { predictions, names } }: ErrorScoreTablesProps) {
  const scored = useAnalysis('errorScores', { task, predictions });
  if (scored.status !== 'ready') return <AnalysisWait state={scored} doing="Counting correct and wrong mentions" />;
  return (
    <div className="pair">
      <section aria-labelledby="kinds-title">
        <h2 id="kinds-title">Mentions by kind</h2>
        <KindTable scores={scored.answer} names={names} kinds={task.type === null ? ERROR_KINDS : ONE_TYPE_KINDS} />
      </section>
      <section aria-labelledby="views-title">
        <h2 id="views-title">nervaluate evaluation schemes</h2>
        <p className="soft small">
          The four ways of SemEval-2013, counted as nervaluate does after its release 1.1.0. Up to that release it pairs
          with the first mention overlapped, so that its “type” can count fewer as correct.
        </p>
        <ViewTable scores={scored.answer} names={names} />
      </section>
    </div>
  );
}

interface TableProps {
  readonly scores: readonly ErrorScores[];
  readonly names: readonly string[];
}

function KindTable({ scores, names, kinds }: TableProps & { readonly kinds: readonly ErrorKind[] }) {
  return (
    <TableBox label="Mentions by kind">
      <thead>
        <tr>
          <th scope="col">Kind</th>
          {scores.map((_, index) => (
            <th key={index} scope="col" className="number">
              {scores.length > 1 ? names[index] : 'Mentions'}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {kinds.map((kind) => (
          <tr key={kind}>
            <th scope="row">
              {errorWords.kinds[kind]} <span className="meaning">{errorWords.meanings[kind]}</span>
            </th>
            {scores.map((ofRun, index) => (
              <td key={index} className="number">
                {format.count(ofRun.kinds[kind])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}

function ViewTable({ scores, names }: TableProps) {
  return (
    <TableBox label="Scores by nervaluate evaluation scheme" className="scores">
      <thead>
        {scores.length > 1 && (
          <tr className="group-row">
            <td />
            {names.map((name) => (
              <th key={name} scope="colgroup" colSpan={MEASURES.length} className="group">
                {name}
              </th>
            ))}
          </tr>
        )}
        <tr>
          <th scope="col">Scheme</th>
          {scores.flatMap((_, index) =>
            MEASURES.map(([measure, word]) => (
              <th key={`${index}-${measure}`} scope="col" className="number">
                {word}
              </th>
            )),
          )}
        </tr>
      </thead>
      <tbody>
        {SEMEVAL_VIEWS.map((view) => (
          <tr key={view}>
            <th scope="row">
              {errorWords.views[view][0]} <span className="meaning">{errorWords.views[view][1]}</span>
            </th>
            {scores.flatMap(({ views }, index) =>
              MEASURES.map(([measure]) => (
                <td key={`${index}-${measure}`} className={`number${measure === 'f1' ? ' strong' : ''}`}>
                  {format.percent(views[view][measure])}
                </td>
              )),
            )}
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
}
