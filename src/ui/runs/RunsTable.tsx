// Lists runs, own or imported, in a table that can be sorted, filtered, reduced to chosen columns, and whose rows can be selected.
import {
  columnFilteringFeature,
  columnVisibilityFeature,
  createColumnHelper,
  createFilteredRowModel,
  createSortedRowModel,
  filterFn_includesString,
  globalFilteringFeature,
  rowSelectionFeature,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
  type Header,
  type RowSelectionState,
} from '@tanstack/react-table';
import { memo, useMemo, useState, type Dispatch, type ReactNode, type SetStateAction } from 'react';
import type { RunRecord } from '../../schema/runRecord.ts';
import { Meter } from '../parts/Meter.tsx';
import { Pager } from '../parts/Pager.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { NOTHING_CHOSEN, routeHref } from '../shared/route.ts';
import { methodName, runName, runProgress, STATUS_WORDS } from '../shared/runName.ts';
import { shownF1 } from '../shared/selectedSnapshot.ts';
import { useLab, useRunView } from '../shared/useLab.ts';
import { useLayers } from '../shared/useLayers.ts';
import { usePageOf } from '../shared/viewState.ts';
import { StatusMark } from './StatusMark.tsx';

const features = tableFeatures({
  columnFilteringFeature,
  globalFilteringFeature,
  columnVisibilityFeature,
  rowSelectionFeature,
  rowSortingFeature,
  filteredRowModel: createFilteredRowModel(),
  sortedRowModel: createSortedRowModel(),
  filterFns: { includesString: filterFn_includesString },
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
  columnMeta: {} as { readonly isNumber: boolean },
});
type Features = typeof features;

/** Runs on one page of the table. */
const PAGE_SIZE = 100;

type LayersOf = ReturnType<typeof useLayers>;

function columnsOf(layersOf: LayersOf) {
  const helper = createColumnHelper<Features, RunRecord>();
  const text = { meta: { isNumber: false }, sortFn: 'alphanumeric' } as const;
  const number = { meta: { isNumber: true }, sortFn: 'basic', sortUndefined: 'last' } as const;
  return helper.columns([
    helper.accessor(({ spec }) => runName(spec), { id: 'task', header: 'Task', enableHiding: false, ...text }),
    helper.accessor(({ status }) => STATUS_WORDS[status], { id: 'status', header: 'Status', ...text }),
    helper.accessor(runProgress, { id: 'progress', header: 'Progress', ...number, meta: { isNumber: false } }),
    helper.accessor(({ spec }) => methodName(spec, layersOf(spec.model.id)), {
      id: 'method',
      header: 'Method',
      ...text,
    }),
    helper.accessor(({ spec }) => spec.model.name, { id: 'model', header: 'Model', ...text }),
    helper.accessor(({ spec }) => spec.seed, { id: 'seed', header: 'Seed', ...number }),
    helper.accessor((record) => shownF1(record, 'devel') ?? undefined, { id: 'devel', header: 'Devel F1', ...number }),
    helper.accessor((record) => shownF1(record, 'test') ?? undefined, { id: 'test', header: 'Test F1', ...number }),
    helper.accessor(({ elapsedMs }) => elapsedMs, { id: 'elapsed', header: 'Elapsed', ...number }),
  ]);
}

interface RunsTableProps {
  readonly label: string;
  readonly records: readonly RunRecord[];
  /** Whether they are runs of this lab, whose rows follow every step; those of a result file stay as they are. */
  readonly own: boolean;
  /** Ids of waiting runs, next first. */
  readonly queue: readonly string[];
  readonly hrefOf: (runId: string) => string;
  /** What can be done with the selected runs; without it none can be selected. */
  readonly actions?: (runIds: readonly string[]) => ReactNode;
}

const NONE_SELECTED: RowSelectionState = {};

export function RunsTable({ label, records, own, queue, hrefOf, actions }: RunsTableProps) {
  const layersOf = useLayers();
  const columns = useMemo(() => columnsOf(layersOf), [layersOf]);
  const [rowSelection, setRowSelection] = useState(NONE_SELECTED);
  const [page, goToItem] = usePageOf(PAGE_SIZE);
  const table = useTable({
    features,
    columns,
    data: records,
    getRowId: ({ spec }) => spec.id,
    globalFilterFn: 'includesString',
    getColumnCanGlobalFilter: () => true,
    initialState: { columnVisibility: shownAtFirst() },
    state: { rowSelection },
    onRowSelectionChange: setRowSelection,
  });
  const found = table.getFilteredRowModel().rows.length;
  const first = page < found ? page : 0;
  const rows = table.getSortedRowModel().rows.slice(first, first + PAGE_SIZE);
  // One string, which stays equal between renders, so that no row is rendered for it.
  const hidden = columnIds(table.getAllLeafColumns().filter((column) => !column.getIsVisible()));
  const selectedIds = records.map(({ spec }) => spec.id).filter((id) => rowSelection[id] === true);
  return (
    <div className="stack">
      <div className="table-tools">
        <label>
          <span className="visually-hidden">Filter {label.toLowerCase()}</span>
          <input
            type="search"
            placeholder="Filter by task, method, status …"
            value={String(table.state.globalFilter ?? '')}
            onChange={(event) => table.setGlobalFilter(event.target.value)}
          />
        </label>
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
        {found < records.length && (
          <span className="soft" role="status">
            {format.count(found)} of {format.counted(records.length, 'run')}
          </span>
        )}
        {actions !== undefined && (
          <button
            type="button"
            className="link"
            onClick={() => setRowSelection(Object.fromEntries(finishedIds(records).map((id) => [id, true])))}
          >
            Select all finished runs
          </button>
        )}
      </div>
      {actions?.(selectedIds)}
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
          {rows.map((row) => (
            <RunRow
              key={row.id}
              stored={row.original}
              own={own}
              waiting={queue.indexOf(row.id)}
              href={hrefOf(row.id)}
              hidden={hidden}
              selected={actions === undefined ? null : rowSelection[row.id] === true}
              onSelect={setRowSelection}
            />
          ))}
        </tbody>
      </TableBox>
      {found > PAGE_SIZE && (
        <Pager first={first} size={PAGE_SIZE} total={found} noun="run" none="No run matches." onGo={goToItem} />
      )}
      {found === 0 && records.length > 0 && <p className="soft">No run matches the filter.</p>}
    </div>
  );
}

/** On a narrow page only the columns that tell runs apart. */
function shownAtFirst(): Record<string, boolean> {
  if (!window.matchMedia('(max-width: 700px)').matches) return {};
  return { progress: false, model: false, devel: false, elapsed: false };
}

function columnIds(columns: readonly { readonly id: string }[]): string {
  return columns.map(({ id }) => id).join(' ');
}

function finishedIds(records: readonly RunRecord[]): readonly string[] {
  return records.filter(({ status }) => status === 'finished').map(({ spec }) => spec.id);
}

const ARIA_SORT = { asc: 'ascending', desc: 'descending' } as const;

function SortHead({ header }: { readonly header: Header<Features, RunRecord, unknown> }) {
  const { column } = header;
  const sorted = column.getIsSorted();
  return (
    <th
      scope="col"
      className={column.columnDef.meta?.isNumber === true ? 'number' : undefined}
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
  readonly stored: RunRecord;
  /** Position in the queue, from 0; negative for a run that does not wait. */
  readonly waiting: number;
  readonly href: string;
  /** Ids of the columns that are not shown, separated by spaces. */
  readonly hidden: string;
  /** Null where runs cannot be selected. */
  readonly selected: boolean | null;
  readonly onSelect: Dispatch<SetStateAction<RowSelectionState>>;
}

/** Rendered again for the steps of this run alone. */
const RunRow = memo(function RunRow({ stored, own, waiting, href, hidden, selected, onSelect }: RunRowProps) {
  const layersOf = useLayers();
  const record = useRunView(own ? stored.spec.id : null)?.record ?? stored;
  const { spec, status, elapsedMs } = record;
  const isExplained = useLab(({ runs }) =>
    own
      ? record.snapshots.length > 0
      : runs.some((run) => run.record.spec.id === spec.id && run.record.snapshots.length > 0),
  );
  const name = runName(spec);
  const method = methodName(spec, layersOf(spec.model.id));
  const isHidden = (column: string): boolean => hidden.split(' ').includes(column);
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
      </th>
      {!isHidden('status') && (
        <td className="nowrap">
          <StatusMark status={status} detail={status === 'queued' && waiting >= 0 ? `no. ${waiting + 1}` : undefined} />
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
          {isExplained ? <ExplainedF1 record={record} /> : format.percent(shownF1(record, 'test'))}
        </td>
      )}
      {!isHidden('elapsed') && <td className="number nowrap">{format.duration(elapsedMs)}</td>}
    </tr>
  );
});

/** Shows the score as a link to its analysis. */
function ExplainedF1({ record }: { readonly record: RunRecord }) {
  const f1 = format.percent(shownF1(record, 'test'));
  const href = routeHref({ page: 'analyse', ...NOTHING_CHOSEN, view: 'errors', run: record.spec.id });
  return (
    <a href={href} aria-label={`Analyse test F1 ${f1}`}>
      {f1}
    </a>
  );
}
