// Lists all predicted and missed test mentions by kind, for one snapshot or two side by side, with counts and nervaluate's four schemes.
import { useDeferredValue, useMemo } from 'react';
import {
  KIND_CHOICES,
  RIGHT_CHOICES,
  SEEN_CHOICES,
  type ErrorFilter,
  type ErrorLine,
  type ErrorScores,
  type ErrorsQuery,
} from '../../analysis/questions/errorsQuery.ts';
import type { Task } from '../../data/corpus/corpus.ts';
import { taskOf } from '../../lab/comparison/crossMatrix.ts';
import { ERROR_KINDS, SEMEVAL_VIEWS, type ErrorKind } from '../../metrics/errorKinds.ts';
import { csvText } from '../../util/csv.ts';
import { AnalysisWait, NoSnapshot, PredictionGate, useAnalysis } from '../parts/AnalysisWait.tsx';
import { Button } from '../parts/Button.tsx';
import { NumberTable, TableBox } from '../parts/TableBox.tsx';
import { indexIn, useInAddress, type AddressTexts } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { useRunNaming } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { ErrorList, errorRows, errorWords, PAGE_SIZE } from './ErrorList.tsx';
import { BesideField, comparedSnapshots, type ComparedSnapshots, type PanelProps } from './SubjectFields.tsx';

interface ChoiceTabsProps<Choice extends string> {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly words: Readonly<Record<Choice, string>>;
  /** Null until they are known. */
  readonly counts: Readonly<Record<Choice, number>> | null;
  readonly chosen: Choice;
  readonly onChoose: (choice: Choice) => void;
}

/** Choices side by side, each with the number of rows it would leave. */
function ChoiceTabs<Choice extends string>(props: ChoiceTabsProps<Choice>) {
  const { label, choices, words, counts, chosen, onChoose } = props;
  return (
    <div role="group" aria-label={label} className="tabs">
      {choices.map((choice) => (
        <button key={choice} type="button" aria-pressed={choice === chosen} onClick={() => onChoose(choice)}>
          {words[choice]} {counts !== null && <span className="faint">{format.count(counts[choice])}</span>}
        </button>
      ))}
    </div>
  );
}

/** Number of lines per request when all are saved. */
const SAVED_AT_ONCE = 500;

/** What of the list is in the address; `line` is the mention in focus, counted from 1. */
const ADDRESS_NAMES = ['kind', 'right', 'find', 'of', 'seen', 'line'];

/** Reads a filter as `errorTexts` writes it; what is missing or unknown is as usual. */
export function errorFilterOf(texts: AddressTexts): ErrorFilter {
  return {
    kind: KIND_CHOICES.find((kind) => kind === texts['kind']) ?? 'wrong',
    right: RIGHT_CHOICES.find((right) => right === texts['right']) ?? 'any',
    text: texts['find'] ?? '',
    type: texts['of'] ?? null,
    seen: SEEN_CHOICES.find((seen) => seen === texts['seen']) ?? 'any',
  };
}

export function errorTexts({ kind, right, text, type, seen }: ErrorFilter, line: number): AddressTexts {
  return {
    ...(kind !== 'wrong' && { kind }),
    ...(right !== 'any' && { right }),
    ...(text !== '' && { find: text }),
    ...(type !== null && { of: type }),
    ...(seen !== 'any' && { seen }),
    ...(line > 0 && { line: String(line + 1) }),
  };
}

interface ErrorBrowserProps {
  readonly task: Task;
  /** Tasks whose train and devel splits are training text. */
  readonly training: readonly Task[];
  readonly variants: ComparedSnapshots;
}

/** Filters correct and wrong mentions, and shows the remaining ones a page at a time. */
function ErrorBrowser({ task, training, variants }: ErrorBrowserProps) {
  const lab = useLabActions();
  const types = useLab(({ corpora }) => corpora.find(({ id }) => id === task.corpusId))?.types ?? [];
  const { predictions, names } = variants;
  const view = `errors/${JSON.stringify([task, predictions])}`;
  const [texts, setTexts] = useInAddress(view, ADDRESS_NAMES);
  const filter = useMemo(() => errorFilterOf(texts), [texts]);
  const index = indexIn(texts['line']);
  const sought = useDeferredValue(filter);
  const query = (first: number, count: number): ErrorsQuery => ({
    task,
    training: { tasks: training, trainOnly: false },
    predictions,
    filter: sought,
    first,
    count,
  });
  const first = Math.floor(index / PAGE_SIZE) * PAGE_SIZE;
  const found = useAnalysis('errors', query(first, PAGE_SIZE));
  if (found.status === 'failed' || (found.status === 'working' && found.last === null)) {
    return <AnalysisWait state={found} doing="Classifying mentions" />;
  }
  const page = found.status === 'ready' ? found.answer : found.last;
  if (page === null) return null;
  const several = task.type === null && types.length > 1;
  const change = (part: Partial<ErrorFilter>) => setTexts(errorTexts({ ...filter, ...part }, 0));
  const saveAll = async () => {
    const lines: ErrorLine[] = [];
    while (lines.length < page.total) {
      const answer = await lab.analyse('errors', query(lines.length, SAVED_AT_ONCE)).answer;
      if (answer === null || answer.lines.length === 0) break;
      lines.push(...answer.lines);
    }
    const rows = csvText(errorRows(lines, names));
    saveFile(`${format.fileName('errors', ...names)}.csv`, new Blob([rows], { type: 'text/csv' }));
  };
  return (
    <section aria-labelledby="errors-title">
      <div className="title-row">
        <h2 id="errors-title">Mentions on test</h2>
        <Button onAct={saveAll} disabled={page.total === 0}>
          Save these {format.counted(page.total, 'mention')} as CSV
        </Button>
      </div>
      <div className="browser">
        {predictions.length > 1 && (
          <ChoiceTabs
            label="Which run is correct"
            choices={RIGHT_CHOICES}
            words={errorWords.rights(names)}
            counts={page.rights}
            chosen={filter.right}
            onChoose={(right) => change({ right })}
          />
        )}
        <ChoiceTabs
          label="Kind"
          choices={
            several ? KIND_CHOICES : KIND_CHOICES.filter((kind) => kind !== 'type' && kind !== 'boundaryAndType')
          }
          words={errorWords.kindChoices}
          counts={page.kinds}
          chosen={filter.kind}
          onChoose={(kind) => change({ kind })}
        />
        <div className="filters">
          <label>
            Mention contains{' '}
            <input
              type="search"
              value={filter.text}
              placeholder="text"
              onChange={(event) => change({ text: event.target.value })}
            />
          </label>
          {several && (
            <label>
              Mention type{' '}
              <select
                value={filter.type === null ? '' : `type:${filter.type}`}
                onChange={(event) =>
                  change({ type: event.target.value === '' ? null : event.target.value.slice('type:'.length) })
                }
              >
                <option value="">any</option>
                {types.map((type) => (
                  <option key={type} value={`type:${type}`}>
                    {type}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label>
            String{' '}
            <select
              value={filter.seen}
              onChange={(event) =>
                change({ seen: SEEN_CHOICES.find((choice) => choice === event.target.value) ?? 'any' })
              }
            >
              {SEEN_CHOICES.map((choice) => (
                <option key={choice} value={choice}>
                  {errorWords.seen[choice]} ({format.count(page.seen[choice])})
                </option>
              ))}
            </select>
          </label>
        </div>
        <ErrorList
          view={view}
          page={page}
          index={Math.min(index, Math.max(0, page.total - 1))}
          isCurrent={found.status === 'ready'}
          names={names}
          types={several ? types : []}
          hrefOf={{ corpusId: task.corpusId, split: predictions[0].split }}
          onPosition={(line) => setTexts(errorTexts(filter, line))}
        />
      </div>
    </section>
  );
}

export function ErrorsPanel({ subject, route }: PanelProps) {
  const variants = comparedSnapshots(subject, route, useRunNaming());
  if (variants === null) return <NoSnapshot route={route} />;
  const task = taskOf(subject.task);
  return (
    <>
      <div className="filters">
        <BesideField subject={subject} route={route} />
      </div>
      <PredictionGate requests={variants.predictions} need="mentions">
        <ErrorScoreTables task={task} variants={variants} />
        <ErrorBrowser
          // Other predictions start at their first line.
          key={JSON.stringify([task, variants.predictions])}
          task={task}
          training={subject.category.tasks.map(taskOf)}
          variants={variants}
        />
      </PredictionGate>
    </>
  );
}

// Counts mentions by kind and shows precision, recall and F1 under nervaluate's four schemes, for one snapshot or two.

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
    <NumberTable
      label="Mentions by kind"
      columns={['Kind', ...scores.map((_, index) => (scores.length > 1 ? names[index] : 'Mentions'))]}
      rows={kinds.map((kind) => ({
        key: kind,
        head: (
          <>
            {errorWords.kinds[kind]} <span className="meaning">{errorWords.meanings[kind]}</span>
          </>
        ),
        numbers: scores.map((ofRun) => format.count(ofRun.kinds[kind])),
      }))}
    />
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
