// Lists own or imported runs, each with a link to its page.
import { memo, useState, type ReactNode } from 'react';
import type { RunRecord, RunStatus } from '../../schema/runRecord.ts';
import { Meter } from '../parts/Meter.tsx';
import { Pager } from '../parts/Pager.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { NOTHING_CHOSEN, routeHref } from '../shared/route.ts';
import { methodName, runName, runProgress, STATUS_WORDS } from '../shared/runName.ts';
import { shownF1 } from '../shared/selectedSnapshot.ts';
import { useLab, useRunView } from '../shared/useLab.ts';
import { useLayers } from '../shared/usePool.ts';

/** Shows the status of a run as a word with a mark of distinct shape. */
export function StatusMark({ status, detail }: { readonly status: RunStatus; readonly detail?: string | undefined }) {
  return (
    <span className={`status ${status}`}>
      <span className="status-dot" aria-hidden="true" />
      {STATUS_WORDS[status]}
      {detail !== undefined && <span className="faint"> {detail}</span>}
    </span>
  );
}

interface RunsTableProps {
  readonly label: string;
  readonly records: readonly RunRecord[];
  /** Whether they are runs of this lab, whose rows follow every step; those of a result file stay as they are. */
  readonly own: boolean;
  /** Ids of waiting runs, next first. */
  readonly queue: readonly string[];
  readonly hrefOf: (runId: string) => string;
  /** A cell before each row, such as a checkbox. */
  readonly leading?: { readonly name: string; readonly cell: (record: RunRecord) => ReactNode };
}

/** Runs on one page of the table. */
const PAGE_SIZE = 100;

export function RunsTable({ label, records, own, queue, hrefOf, leading }: RunsTableProps) {
  const [chosen, setFirst] = useState(0);
  const first = pageOf(Math.min(chosen, Math.max(0, records.length - 1)));
  return (
    <>
      <TableBox label={label}>
        <thead>
          <tr>
            {leading !== undefined && <th scope="col">{leading.name}</th>}
            <th scope="col">Task</th>
            <th scope="col">Status</th>
            <th scope="col">Progress</th>
            <th scope="col">Method</th>
            <th scope="col">Model</th>
            <th scope="col" className="number">
              Seed
            </th>
            <th scope="col" className="number">
              Devel F1
            </th>
            <th scope="col" className="number">
              Test F1
            </th>
            <th scope="col" className="number">
              Elapsed
            </th>
          </tr>
        </thead>
        <tbody>
          {records.slice(first, first + PAGE_SIZE).map((record) => (
            <RunRow
              key={record.spec.id}
              stored={record}
              own={own}
              waiting={queue.indexOf(record.spec.id)}
              href={hrefOf(record.spec.id)}
              leading={leading?.cell(record)}
            />
          ))}
        </tbody>
      </TableBox>
      {records.length > PAGE_SIZE && (
        <Pager
          first={first}
          size={PAGE_SIZE}
          total={records.length}
          noun="run"
          none=""
          onGo={(item) => setFirst(pageOf(item))}
        />
      )}
    </>
  );
}

function pageOf(item: number): number {
  return item - (item % PAGE_SIZE);
}

interface RunRowProps extends Pick<RunsTableProps, 'own'> {
  readonly stored: RunRecord;
  /** Position in the queue, from 0; negative for a run that does not wait. */
  readonly waiting: number;
  readonly href: string;
  /** The cell before the others, if any. */
  readonly leading: ReactNode;
}

/** Rendered again for the steps of this run alone. */
const RunRow = memo(function RunRow({ stored, own, waiting, href, leading }: RunRowProps) {
  const layersOf = useLayers();
  const record = useRunView(own ? stored.spec.id : null)?.record ?? stored;
  const { spec, status, elapsedMs } = record;
  const isExplained = useLab(({ runs }) =>
    runs.some((run) => run.record.spec.id === spec.id && run.record.snapshots.length > 0),
  );
  const name = runName(spec);
  return (
    <tr>
      {leading !== undefined && <td>{leading}</td>}
      <th scope="row">
        <a href={href}>{name}</a>
      </th>
      <td className="nowrap">
        <StatusMark status={status} detail={status === 'queued' && waiting >= 0 ? `no. ${waiting + 1}` : undefined} />
      </td>
      <td className="nowrap">
        <span className="progress-cell">
          <Meter label={`Progress of ${name}, seed ${spec.seed}`} done={runProgress(record)} total={1} />
          <span className="number">{format.share(runProgress(record))}</span>
        </span>
      </td>
      <td className="nowrap">{methodName(spec, layersOf(spec.model.id))}</td>
      <td>{spec.model.name}</td>
      <td className="number">{spec.seed}</td>
      <td className="number">{format.percent(shownF1(record, 'devel'))}</td>
      <td className="number">
        {isExplained ? <ExplainedF1 record={record} /> : format.percent(shownF1(record, 'test'))}
      </td>
      <td className="number nowrap">{format.duration(elapsedMs)}</td>
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
