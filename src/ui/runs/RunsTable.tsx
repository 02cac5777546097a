// Lists runs, own or imported, in a table that can be sorted, filtered, reduced to chosen columns, and whose rows can be selected.
import {
  columnVisibilityFeature,
  createColumnHelper,
  rowSelectionFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type Header,
  type RowSelectionState,
  type SortingState,
} from '@tanstack/react-table';
import { memo, useDeferredValue, useMemo, useState, type Dispatch, type ReactNode, type SetStateAction } from 'react';
import { droppedText } from '../../metrics/racing/raceWords.ts';
import type { RunRecord } from '../../schema/runRecord.ts';
import { csvText } from '../../util/csv.ts';
import { Button, Meter } from '../parts/Button.tsx';
import { TagList } from '../parts/Description.tsx';
import { SampleRemark } from '../parts/ScoreTable.tsx';
import { Pager, TableBox } from '../parts/TableBox.tsx';
import { useInAddress, usePageInAddress } from '../shared/addressTexts.ts';
import { format } from '../shared/format.ts';
import { useLayers } from '../shared/memoryEstimates.ts';
import { NOTHING_CHOSEN, routeHref } from '../shared/route.ts';
import { runProgress, shownF1, useDescriptions } from '../shared/runName.ts';
import { saveFile } from '../shared/saveFile.ts';
import { useLab, useRunView } from '../shared/useLab.ts';
import { ListFilter, StatusMark } from './ListFilter.tsx';
import {
  filteredLines,
  filterNames,
  filterOf,
  filterTexts,
  RUN_COLUMNS,
  runLines,
  runRows,
  sortedLines,
  sortOf,
  sortText,
  type RunColumn,
  type RunLine,
  type RunSort,
} from './runList.ts';

const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature, rowSortingFeature });
type Features = typeof features;

/** Runs on one page of the table. */
const PAGE_SIZE = 50;
const NUMBERS: readonly RunColumn[] = ['seed', 'devel', 'test', 'elapsed'];
/** Shown when chosen: most runs have none. */
const HIDDEN_AT_FIRST = { notes: false };
/** On a narrow page the first column says what the others would. */
const HIDDEN_WHERE_NARROW = { progress: false, method: false, model: false, seed: false, devel: false, elapsed: false };

const helper = createColumnHelper<Features, RunLine>();
/** The table sorts and filters by itself, so that 5,000 runs take milliseconds: the library keeps what a person chose. */
const columns = helper.columns(
  RUN_COLUMNS.map(([id, header]) => {
    return helper.accessor((line) => line.id, {
      id,
      header,
      enableHiding: id !== 'name',
      sortDescFirst: NUMBERS.includes(id),
    });
  }),
);

interface RunsTableProps {
  readonly label: string;
  readonly records: readonly RunRecord[];
  /** Whether they are runs of this lab, whose rows follow every step; those of a result file stay as they are. */
  readonly own: boolean;
  /** Ids of waiting runs, next first. */
  readonly queue: readonly string[];
  readonly hrefOf: (runId: string) => string;
  /** The experiment in which scores are explained; left out outside of one. */
  readonly experiment?: string;
  /** What can be done with the selected runs, the first of which has this name; without it none can be selected. */
  readonly actions?: (runIds: readonly string[], usualName: string) => ReactNode;
}

const NONE_SELECTED: RowSelectionState = {};
const UNSORTED: SortingState = [];

/** Sets the names of runs in the address apart from those of experiments on the same page. */
const PREFIX = 'run-';
const ADDRESS_NAMES = [...filterNames(PREFIX), 'sort'];

export function RunsTable({ label, records, own, queue, hrefOf, experiment, actions }: RunsTableProps) {
  const layersOf = useLayers();
  const descriptionOf = useDescriptions('runs');
  const [rowSelection, setRowSelection] = useState(NONE_SELECTED);
  const [texts, setTexts] = useInAddress(label, ADDRESS_NAMES);
  const filter = useMemo(() => filterOf(texts, PREFIX), [texts]);
  const sorting = useMemo(() => sortingOf(sortOf(texts['sort'])), [texts]);
  const [wanted, goToItem] = usePageInAddress(PAGE_SIZE, `${PREFIX}page`);
  const page = useDeferredValue(wanted);
  const lines = useMemo(() => runLines(records, descriptionOf, layersOf), [records, descriptionOf, layersOf]);
  // What is typed is shown at once; thousands of rows follow.
  const sought = useDeferredValue(filter);
  const order = useDeferredValue(useMemo(() => sortOf(texts['sort']), [texts]));
  const found = useMemo(() => sortedLines(filteredLines(lines, sought), order), [lines, sought, order]);
  const first = page < found.length ? page : 0;
  const shown = useMemo(() => found.slice(first, first + PAGE_SIZE), [found, first]);
  const shownSpecs = useMemo(() => shown.map(({ record }) => record.spec), [shown]);
  const table = useTable({
    features,
    columns,
    data: shown,
    getRowId: ({ id }) => id,
    manualSorting: true,
    initialState: { columnVisibility: shownAtFirst() },
    state: { rowSelection, sorting },
    onRowSelectionChange: setRowSelection,
    onSortingChange: (change) => {
      const [first] = typeof change === 'function' ? change(sorting) : change;
      const { sort: _before, ...others } = texts;
      const text = first === undefined ? '' : sortText({ column: first.id as RunColumn, descending: first.desc });
      setTexts(text === '' ? others : { ...others, sort: text });
    },
  });
  // One string, which stays equal between renders, so that no row is rendered for it.
  const hidden = columnIds(table.getAllLeafColumns().filter((column) => !column.getIsVisible()));
  const selectedIds = useMemo(
    () => records.map(({ spec }) => spec.id).filter((id) => rowSelection[id] === true),
    [records, rowSelection],
  );
  const visible = RUN_COLUMNS.map(([id]) => id).filter((id) => !hidden.split(' ').includes(id));
  const save = () => {
    const rows = csvText(runRows(found, visible));
    saveFile(`${format.fileName(label.toLowerCase())}.csv`, new Blob([rows], { type: 'text/csv' }));
  };
  return (
    <div className="stack">
      <div className="table-tools">
        <ListFilter
          label={label}
          placeholder="Filter by task, method, tag …"
          lines={lines}
          filter={filter}
          onFilter={(next) => {
            const { sort } = texts;
            setTexts({ ...filterTexts(next, PREFIX), ...(sort !== undefined && { sort }) });
            goToItem(0);
          }}
        />
        <details className="menu">
          <summary>Columns</summary>
          <fieldset>
            <legend className="visually-hidden">Columns of {label.toLowerCase()}</legend>
            {table
              .getAllLeafColumns()
              .filter((column) => column.getCanHide())
              .map((column) => (
                <label key={column.id} className="check">
                  <input
                    type="checkbox"
                    checked={column.getIsVisible()}
                    onChange={(event) => column.toggleVisibility(event.target.checked)}
                  />{' '}
                  {String(column.columnDef.header)}
                </label>
              ))}
          </fieldset>
        </details>
        <Button kind="quiet" label={`Save ${label.toLowerCase()} as CSV`} disabled={found.length === 0} onAct={save}>
          CSV
        </Button>
        {found.length < records.length && (
          <span className="soft" role="status">
            {format.count(found.length)} of {format.counted(records.length, 'run')}
          </span>
        )}
        {actions !== undefined && (
          <>
            <button
              type="button"
              className="link"
              onClick={() => setRowSelection(selectionOf(found.filter(({ record }) => record.status === 'finished')))}
            >
              Select all finished runs
            </button>
            {selectedIds.length > 0 && (
              <button type="button" className="link" onClick={() => setRowSelection(NONE_SELECTED)}>
                Select none
              </button>
            )}
          </>
        )}
      </div>
      {actions?.(selectedIds, lines.find(({ id }) => id === selectedIds[0])?.task ?? '')}
      <TableBox label={label} className="runs">
        <thead>
          <tr>
            {actions !== undefined && (
              <th scope="col">
                <span className="visually-hidden">Select</span>
              </th>
            )}
            {table
              .getHeaderGroups()
              .flatMap(({ headers }) => headers.map((header) => <SortHead key={header.id} header={header} />))}
          </tr>
        </thead>
        <tbody>
          {shown.map((line) => (
            <RunRow
              key={line.id}
              line={line}
              own={own}
              waiting={queue.indexOf(line.id)}
              href={hrefOf(line.id)}
              experiment={experiment}
              hidden={hidden}
              selected={actions === undefined ? null : rowSelection[line.id] === true}
              onSelect={setRowSelection}
            />
          ))}
        </tbody>
      </TableBox>
      {experiment === undefined && <SampleRemark specs={shownSpecs} />}
      {found.length > PAGE_SIZE && (
        <Pager first={first} size={PAGE_SIZE} total={found.length} noun="run" none="No run matches." onGo={goToItem} />
      )}
      {found.length === 0 && records.length > 0 && <p className="soft">No run matches the filter.</p>}
    </div>
  );
}

function sortingOf(sort: RunSort | null): SortingState {
  return sort === null ? UNSORTED : [{ id: sort.column, desc: sort.descending }];
}

function shownAtFirst(): Record<string, boolean> {
  const isNarrow = window.matchMedia('(max-width: 700px)').matches;
  return isNarrow ? { ...HIDDEN_AT_FIRST, ...HIDDEN_WHERE_NARROW } : HIDDEN_AT_FIRST;
}

function columnIds(ofColumns: readonly { readonly id: string }[]): string {
  return ofColumns.map(({ id }) => id).join(' ');
}

function selectionOf(lines: readonly RunLine[]): RowSelectionState {
  return Object.fromEntries(lines.map(({ id }) => [id, true]));
}

const ARIA_SORT = { asc: 'ascending', desc: 'descending' } as const;

function SortHead({ header }: { readonly header: Header<Features, RunLine, unknown> }) {
  const { column } = header;
  const sorted = column.getIsSorted();
  return (
    <th
      scope="col"
      className={NUMBERS.some((id) => id === column.id) ? 'number' : undefined}
      aria-sort={sorted === false ? undefined : ARIA_SORT[sorted]}
    >
      <button type="button" className="sort" onClick={() => column.toggleSorting()}>
        {String(column.columnDef.header)}
        <span aria-hidden="true" className="sort-mark">
          {sorted === false ? '' : sorted === 'asc' ? ' ↑' : ' ↓'}
        </span>
      </button>
    </th>
  );
}

interface RunRowProps extends Pick<RunsTableProps, 'own'> {
  readonly line: RunLine;
  /** Position in the queue, from 0; negative for a run that does not wait. */
  readonly waiting: number;
  readonly href: string;
  readonly experiment: string | undefined;
  /** Ids of the columns that are not shown, separated by spaces. */
  readonly hidden: string;
  /** Null where runs cannot be selected. */
  readonly selected: boolean | null;
  readonly onSelect: Dispatch<SetStateAction<RowSelectionState>>;
}

/** Rendered again for the steps of this run alone. */
const RunRow = memo(function RunRow({ line, own, waiting, href, experiment, hidden, selected, onSelect }: RunRowProps) {
  const { description, name, task, method } = line;
  const record = useRunView(own ? line.id : null)?.record ?? line.record;
  const { spec, status, elapsedMs } = record;
  const isExplained = useLab(({ runs }) =>
    own
      ? record.snapshots.length > 0
      : runs.some((run) => run.record.spec.id === spec.id && run.record.snapshots.length > 0),
  );
  const isHidden = (column: RunColumn): boolean => hidden.split(' ').includes(column);
  // What tells runs apart is always shown: beside the name where it has no column.
  const details = [
    ...(name === task ? [] : [task]),
    ...(isHidden('method') ? [method] : []),
    ...(isHidden('seed') ? [`seed ${spec.seed}`] : []),
  ];
  const dropped = droppedText(record);
  return (
    <tr>
      {selected !== null && (
        <td>
          <input
            type="checkbox"
            aria-label={`Select ${name}, ${method}, seed ${spec.seed}`}
            checked={selected}
            onChange={(event) => {
              const on = event.target.checked;
              onSelect(({ [spec.id]: _before, ...others }) => (on ? { ...others, [spec.id]: true } : others));
            }}
          />
        </td>
      )}
      <th scope="row">
        <a href={href}>{name}</a>
        {details.length > 0 && <div className="field-help">{details.join(' · ')}</div>}
        {description.archived === true && <span className="tag">archived</span>}
        <TagList tags={description.tags} />
      </th>
      {!isHidden('status') && (
        <td className="nowrap">
          <StatusMark status={status} detail={status === 'queued' && waiting >= 0 ? `no. ${waiting + 1}` : undefined} />
          {dropped !== null && <div className="field-help why-dropped">{dropped}</div>}
        </td>
      )}
      {!isHidden('progress') && (
        <td className="nowrap">
          <span className="progress-cell">
            <Meter label={`Progress of ${name}, seed ${spec.seed}`} done={runProgress(record)} total={1} />
            <span className="number">{format.share(runProgress(record))}</span>
          </span>
        </td>
      )}
      {!isHidden('method') && <td className="nowrap">{method}</td>}
      {!isHidden('model') && <td>{spec.model.name}</td>}
      {!isHidden('seed') && <td className="number">{spec.seed}</td>}
      {!isHidden('devel') && <td className="number">{format.percent(shownF1(record, 'devel'))}</td>}
      {!isHidden('test') && (
        <td className="number">
          {isExplained ? (
            <ExplainedF1 record={record} experiment={experiment} />
          ) : (
            format.percent(shownF1(record, 'test'))
          )}
        </td>
      )}
      {!isHidden('elapsed') && <td className="number nowrap">{format.duration(elapsedMs)}</td>}
      {!isHidden('notes') && <td className="notes-cell">{description.notes}</td>}
    </tr>
  );
});

/** Shows the score as a link to its analysis. */
function ExplainedF1({
  record,
  experiment = null,
}: {
  readonly record: RunRecord;
  readonly experiment?: string | undefined | null;
}) {
  const f1 = format.percent(shownF1(record, 'test'));
  const href = routeHref({ page: 'analyse', ...NOTHING_CHOSEN, view: 'errors', run: record.spec.id, experiment });
  return (
    <a href={href} aria-label={`Analyse test F1 ${f1}`}>
      {f1}
    </a>
  );
}
