// Models on their way: how far each is, and the buttons to cancel, resume and discard it.
import type { Job, ModelDownload } from '../../lab/labState.ts';
import { totalSize } from '../../util/totalSize.ts';
import { format } from '../format.ts';
import { useLab } from '../useLab.ts';
import { ActionsHead } from './ActionsHead.tsx';
import { Button } from './Button.tsx';
import { Meter } from './Meter.tsx';
import { RemoveButton } from './RemoveButton.tsx';
import { TableBox } from './TableBox.tsx';

export function DownloadTable({ downloads }: { readonly downloads: readonly ModelDownload[] }) {
  return (
    <TableBox label="Unfinished downloads">
      <thead>
        <tr>
          <th scope="col">Unfinished download</th>
          <th scope="col">Commit</th>
          <th scope="col">Hub</th>
          <th scope="col">Progress</th>
          <ActionsHead />
        </tr>
      </thead>
      <tbody>
        {downloads.map((download) => (
          <DownloadRow key={download.record.id} download={download} />
        ))}
      </tbody>
    </TableBox>
  );
}

function DownloadRow({ download: { record, receivedBytes, jobId } }: { readonly download: ModelDownload }) {
  const { lab, state } = useLab();
  const { repository, commit, revision } = record.source;
  const totalBytes = totalSize(record.files);
  const job = state.jobs.find(({ id }) => id === jobId);
  return (
    <tr>
      <th scope="row">
        {repository}
        <span className="tag">{revision}</span>
      </th>
      <td>
        <code title={commit}>{commit.slice(0, 12)}</code>
      </td>
      <td className="faint">{record.hub.replace(/^https?:\/\//, '')}</td>
      <td>
        <span className="progress-cell">
          {job === undefined ? (
            <>
              <Meter label={`Downloaded of ${repository}`} done={receivedBytes} total={totalBytes} />
              <span className="nowrap">
                {format.bytes(receivedBytes)} of {format.bytes(totalBytes)}
              </span>
            </>
          ) : (
            <>
              <Meter label={job.label} done={job.done} total={job.total} />
              <span className="nowrap">{progressText(job)}</span>
            </>
          )}
        </span>
      </td>
      <td className="number nowrap">
        {jobId === null ? (
          <span className="type-list">
            <Button label={`Resume ${repository}`} onAct={async () => void (await lab.downloadModel(record))}>
              Resume
            </Button>
            <RemoveButton
              verb="Discard"
              subject={`download of ${repository}`}
              loss={<p>{format.bytes(receivedBytes)} that came will be gone, and come anew if you look it up again.</p>}
              onRemove={() => lab.discardDownload(record.id)}
            />
          </span>
        ) : (
          job?.cancellable === true && (
            <Button label={`Cancel download of ${repository}`} onAct={() => lab.cancelJob(job.id)}>
              Cancel
            </Button>
          )
        )}
      </td>
    </tr>
  );
}

function progressText({ label, done, total, remainingMs }: Job): string {
  if (total === 0) return label;
  const left = remainingMs === undefined ? '' : `, ${format.duration(remainingMs)} left`;
  const what = label.startsWith('Verifying') ? 'verified ' : '';
  return `${what}${format.bytes(done)} of ${format.bytes(total)}${left}`;
}
