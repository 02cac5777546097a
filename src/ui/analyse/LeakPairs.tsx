// Shows where the leaked test sentences of a task occur, and each of them beside the training text that contains it.
import { Fragment, memo } from 'react';
import type { LeakPair, LeakReport, TrainingSplit } from '../../analysis/questions/labelsQuery.ts';
import type { Split } from '../../data/corpus/corpus.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { AnalysisWait, shownAnswer, useAnalysis } from '../parts/AnalysisWait.tsx';
import { SentenceLine } from '../parts/SentenceLine.tsx';
import { Pager, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { taskRefName } from '../shared/runName.ts';
import { useLab } from '../shared/useLab.ts';

const PAGE_SIZE = 10;

export interface LeakPairsProps {
  /** Tasks of the category. */
  readonly tasks: readonly TaskRef[];
  readonly test: TaskRef;
  readonly cell: LeakCell;
  readonly near: boolean;
  /** Whether only pairs with different labels are listed. */
  readonly different: boolean;
  /** Index of the page shown. */
  readonly page: number;
  readonly onLook: (different: boolean, page: number) => void;
}

export const LeakPairs = memo(function LeakPairs(props: LeakPairsProps) {
  const { tasks, test, cell, near, different, page: index, onLook } = props;
  const first = index * PAGE_SIZE;
  const sources = tasks
    .filter((_, position) => cell.task === null || position === cell.task)
    .flatMap((task) =>
      TRAINING_SPLITS.filter((split) => cell.split === null || split === cell.split).map((split) => ({ task, split })),
    );
  const found = useAnalysis('leakPairs', {
    test: taskOf(test),
    training: sources.map(({ task, split }) => ({ task: taskOf(task), split })),
    near,
    different,
    first,
    count: PAGE_SIZE,
  });
  const page = shownAnswer(found);
  const text = cell.task === null ? 'the category' : sources[0] === undefined ? '' : taskRefName(sources[0].task);
  return (
    <section className="panel leak-pairs" aria-labelledby="leak-pairs-title">
      <h2 id="leak-pairs-title">
        Test sentences of {taskRefName(test)} in the {cell.split ?? 'train and devel'} text of {text}
      </h2>
      <div className="filters">
        <label className="check">
          <input type="checkbox" checked={different} onChange={(event) => onLook(event.target.checked, 0)} />
          Only those with different labels{page !== null && `: ${format.count(page.different)}`}
        </label>
      </div>
      {found.status !== 'ready' && <AnalysisWait state={found} doing="Reading sentences" />}
      {page !== null && (
        <>
          <Pager
            first={first}
            size={PAGE_SIZE}
            total={page.total}
            noun="sentence"
            none="None"
            onGo={(item) => onLook(different, Math.floor(Math.max(0, item) / PAGE_SIZE))}
          />
          <ol className="pairs">
            {page.pairs.map((pair) => (
              <Pair key={pair.index} pair={pair} test={test} source={sources[pair.match.source]} />
            ))}
          </ol>
        </>
      )}
    </section>
  );
});

interface PairProps {
  readonly pair: LeakPair;
  readonly test: TaskRef;
  readonly source: { readonly task: TaskRef; readonly split: Split } | undefined;
}

const Pair = memo(function Pair({ pair, test, source }: PairProps) {
  const corpora = useLab((state) => state.corpora);
  const { index, sentence, match } = pair;
  return (
    <li>
      <div className="pair-line">
        <Occurrence task={test} split="test" index={index} />
        <span>
          <SentenceLine sentence={sentence} text="" types={typesOf(test, corpora)} />
        </span>
      </div>
      {source !== undefined && (
        <div className="pair-line">
          <Occurrence task={source.task} split={source.split} index={match.index} />
          <span>
            {match.sentences.map((one, offset) => (
              <SentenceLine key={offset} sentence={one} text="" types={typesOf(source.task, corpora)} />
            ))}
          </span>
        </div>
      )}
      <p className="pair-notes soft">
        {pair.kind === 'near' && <span>{format.share(pair.similarity)} similar</span>}
        <span className={pair.same ? undefined : 'differs'}>{pair.same ? 'same labels' : 'different labels'}</span>
      </p>
    </li>
  );
});

function Occurrence({ task, split, index }: { readonly task: TaskRef; readonly split: Split; readonly index: number }) {
  return (
    <a
      className="pair-place"
      href={routeHref({ page: 'sentence', corpusId: task.corpus.id, split, number: index + 1 })}
    >
      {task.corpus.name} {split} {format.count(index + 1)}
    </a>
  );
}

/** Gives mentions the first colour where a task has one type, whatever its name in the corpora. */
function typesOf({ corpus, type }: TaskRef, corpora: readonly CorpusRecord[]): readonly string[] {
  return type === null ? (corpora.find(({ id }) => id === corpus.id)?.types ?? []) : [type];
}

// Shows where the leaked test sentences of a task occur: in which task's text, in train or in devel.

export const TRAINING_SPLITS: readonly TrainingSplit[] = ['train', 'devel'];

/** Formats a share shown beside its counts: one decimal, never rounded up to 100. */
export function leakShare(part: number, whole: number): string {
  return whole === 0 ? '–' : `${(Math.floor((1000 * part) / whole) / 10).toFixed(1)} %`;
}

/** Says what was found for a task, the most important first. */
export function leakFinding(tasks: readonly TaskRef[], index: number, report: LeakReport): string {
  const { compared, exact, near, byTask } = report;
  const name = nameAt(tasks, index);
  if (compared === 0) return `${name} has no test sentences of five tokens or more to compare.`;
  const text = tasks.length === 1 ? 'its own train and devel text' : 'the train and devel text of the category';
  const nearly =
    near > 0
      ? ` ${format.count(near)} more ${near === 1 ? 'has a near duplicate' : 'have near duplicates'} there.`
      : '';
  if (exact === 0) {
    return `None of the ${format.counted(compared, 'compared test sentence')} of ${name} occurs in ${text}.${nearly}`;
  }
  const most = byTask.reduce((best, { exact: count }, task) => (count > (byTask[best]?.exact ?? 0) ? task : best), 0);
  const where =
    tasks.length === 1
      ? ''
      : `, ${format.count(byTask[most]?.exact ?? 0)} of them in ${most === index ? 'its own text' : `the text of ${nameAt(tasks, most)}`}`;
  return `${format.count(exact)} of ${format.counted(compared, 'test sentence')} of ${name} ${exact === 1 ? 'occurs' : 'occur'} in ${text}${where}.${nearly}`;
}

function nameAt(tasks: readonly TaskRef[], index: number): string {
  const task = tasks[index];
  return task === undefined ? '' : taskRefName(task);
}

/** Training text of one task or, with null, of all; of one split or, with null, of both. */
export interface LeakCell {
  readonly task: number | null;
  readonly split: TrainingSplit | null;
}

interface LeakSourcesProps {
  readonly tasks: readonly TaskRef[];
  /** Index of the task whose test sentences are searched for. */
  readonly test: number;
  readonly report: LeakReport;
  readonly near: boolean;
  readonly chosen: LeakCell | null;
  readonly onChoose: (cell: LeakCell) => void;
}

interface Counts {
  readonly exact: number;
  readonly near: number;
}

export const LeakSources = memo(function LeakSources(props: LeakSourcesProps) {
  const { tasks, test, report, near, chosen, onChoose } = props;
  const tested = tasks[test];
  const name = tested === undefined ? '' : taskRefName(tested);
  const title = `Where test sentences of ${name} occur`;
  const countButton = (counts: Counts, cell: LeakCell, path: string) => (
    <td className={`number${chosen?.task === cell.task && chosen.split === cell.split ? ' chosen' : ''}`}>
      {counts.exact + (near ? counts.near : 0) === 0 ? (
        '0'
      ) : (
        <button
          type="button"
          className="link"
          aria-pressed={chosen?.task === cell.task && chosen.split === cell.split}
          aria-label={`${countText(counts, near)} in ${path}: show the sentences`}
          onClick={() => onChoose(cell)}
        >
          {countText(counts, near)}
        </button>
      )}
    </td>
  );
  const rowOf = (label: string, task: number | null, bySplit: readonly Counts[] | null, together: Counts) => (
    <tr key={task ?? 'all'} className={task === null ? 'overall' : undefined}>
      <th scope="row">
        {label}
        {task === test && tasks.length > 1 && <span className="tag">itself</span>}
      </th>
      {TRAINING_SPLITS.map((split, index) => {
        const counts = bySplit?.[index];
        if (counts === undefined) return <td key={split} />;
        return <Fragment key={split}>{countButton(counts, { task, split }, `${label} ${split}`)}</Fragment>;
      })}
      {countButton(together, { task, split: null }, label)}
      <td className="number">{leakShare(together.exact, report.compared)}</td>
    </tr>
  );
  return (
    <section className="leak-sources" aria-labelledby="leak-sources-title">
      <h2 id="leak-sources-title">{title}</h2>
      <TableBox label={title}>
        <thead>
          <tr>
            <th scope="col">Training text of</th>
            {TRAINING_SPLITS.map((split) => (
              <th key={split} scope="col" className="number">
                {split}
              </th>
            ))}
            <th scope="col" className="number">
              Total
            </th>
            <th scope="col" className="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {tasks.map((task, index) =>
            rowOf(
              taskRefName(task),
              index,
              TRAINING_SPLITS.map((split) => sourceOf(report, index, split)),
              report.byTask[index] ?? { exact: 0, near: 0 },
            ),
          )}
          {tasks.length > 1 && rowOf('Any task', null, null, report)}
        </tbody>
      </TableBox>
      <p className="soft small">
        A test sentence that occurs in several texts counts in each of them, and once under “Any task”.{' '}
        {near && ' The number after ≈ counts near duplicates that are not exact copies.'} Choose a count to read the
        sentences.
      </p>
    </section>
  );
});

function sourceOf({ bySource }: LeakReport, task: number, split: TrainingSplit): Counts {
  return bySource.find((source) => source.task === task && source.split === split) ?? { exact: 0, near: 0 };
}

function countText({ exact, near }: Counts, withNear: boolean): string {
  return withNear && near > 0 ? `${format.count(exact)} ≈ ${format.count(near)}` : format.count(exact);
}
