// Lists leaked test sentences page by page, each beside the training text that contains it.
import { memo } from 'react';
import type { LeakPair } from '../../analysis/questions/leaksQuery.ts';
import type { Split } from '../../data/corpus/corpus.ts';
import { taskOf } from '../../lab/comparison/analysableTasks.ts';
import type { CorpusRecord } from '../../schema/corpusRecord.ts';
import type { TaskRef } from '../../schema/runRecord.ts';
import { AnalysisWait } from '../parts/AnalysisWait.tsx';
import { TRAINING_SPLITS, type LeakCell } from '../parts/LeakSources.tsx';
import { Pager } from '../parts/Pager.tsx';
import { SentenceLine } from '../parts/SentenceLine.tsx';
import { format } from '../shared/format.ts';
import { routeHref } from '../shared/route.ts';
import { taskRefName } from '../shared/runName.ts';
import { shownAnswer, useAnalysis } from '../shared/useAnalysis.ts';
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
