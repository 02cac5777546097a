// Lists own or imported runs, each with a link to its page.
import type { ReactNode } from 'react';
import type { RunView } from '../../lab/state/labState.ts';
import type { RunRecord, RunStatus } from '../../schema/runRecord.ts';
import { Meter } from '../parts/Meter.tsx';
import { TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { NOTHING_CHOSEN, routeHref } from '../shared/route.ts';
import { methodName, runName, runProgress, STATUS_WORDS } from '../shared/runName.ts';
import { shownF1 } from '../shared/selectedSnapshot.ts';
import { useLab } from '../shared/useLab.ts';
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
  readonly runs: readonly RunView[];
  /** Ids of waiting runs, next first. */
  readonly queue: readonly string[];
  readonly hrefOf: (runId: string) => string;
  /** A cell before each row, such as a checkbox. */
  readonly leading?: { readonly name: string; readonly cell: (run: RunView) => ReactNode };
}

export function RunsTable({ label, runs, queue, hrefOf, leading }: RunsTableProps) {
  const { state } = useLab();
  const layersOf = useLayers();
  const own = new Set(state.runs.flatMap(({ record }) => (record.snapshots.length > 0 ? [record.spec.id] : [])));
  return (
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
        {runs.map((run) => {
          const { spec, status, elapsedMs } = run.record;
          const name = runName(spec);
          const waiting = queue.indexOf(spec.id);
          return (
            <tr key={spec.id}>
              {leading !== undefined && <td>{leading.cell(run)}</td>}
              <th scope="row">
                <a href={hrefOf(spec.id)}>{name}</a>
              </th>
              <td className="nowrap">
                <StatusMark
                  status={status}
                  detail={status === 'queued' && waiting >= 0 ? `no. ${waiting + 1}` : undefined}
                />
              </td>
              <td className="nowrap">
                <span className="progress-cell">
                  <Meter label={`Progress of ${name}, seed ${spec.seed}`} done={runProgress(run.record)} total={1} />
                  <span className="number">{format.share(runProgress(run.record))}</span>
                </span>
              </td>
              <td className="nowrap">{methodName(spec, layersOf(spec.model.id))}</td>
              <td>{spec.model.name}</td>
              <td className="number">{spec.seed}</td>
              <td className="number">{format.percent(shownF1(run.record, 'devel'))}</td>
              <td className="number">
                {own.has(spec.id) ? <ExplainedF1 record={run.record} /> : format.percent(shownF1(run.record, 'test'))}
              </td>
              <td className="number nowrap">{format.duration(elapsedMs)}</td>
            </tr>
          );
        })}
      </tbody>
    </TableBox>
  );
}

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
