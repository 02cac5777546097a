// Gets models from a hub by name: the form to look one up, the model found, and unfinished downloads.
import { useState, type SyntheticEvent } from 'react';
import { publicHub } from '../../lab/library/publicHosts.ts';
import type { HubModel, Job, ModelDownload } from '../../lab/state/labState.ts';
import { totalSize } from '../../util/namedFile.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Meter } from '../parts/Meter.tsx';
import { RemoveButton } from '../parts/RemoveButton.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { HubModelPanel } from './HubModelPanel.tsx';

/** Lists unfinished downloads with their progress, and buttons to cancel, resume and discard them. */
function DownloadTable({ downloads }: { readonly downloads: readonly ModelDownload[] }) {
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
  const lab = useLabActions();
  const { repository, commit, revision } = record.source;
  const totalBytes = totalSize(record.files);
  const job = useLab((state) => state.jobs.find(({ id }) => id === jobId));
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
              <Meter label={`Download of ${repository}`} done={receivedBytes} total={totalBytes} />
              <span className="nowrap">
                {format.bytes(receivedBytes)} of {format.bytes(totalBytes)}
              </span>
            </>
          ) : (
            <>
              <Meter label={job.label} done={job.done} total={job.of} />
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
              loss={
                <p>The downloaded {format.bytes(receivedBytes)} will be deleted and have to be downloaded again.</p>
              }
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

function progressText({ label, done, of, remainingMs }: Job): string {
  if (of === 0) return label;
  const left = remainingMs === undefined ? '' : `, ${format.duration(remainingMs)} left`;
  const what = label.startsWith('Verifying') ? 'verified ' : '';
  return `${what}${format.bytes(done)} of ${format.bytes(of)}${left}`;
}

const SUGGESTED = [
  'xlnet/xlnet-base-cased',
  'xlnet/xlnet-large-cased',
  'google-bert/bert-base-cased',
  'dmis-lab/biobert-v1.1',
  'microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext',
];

export function HubPanel() {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const downloads = useLab((state) => state.downloads);
  const act = useAct();
  const [repository, setRepository] = useState('');
  const [revision, setRevision] = useState('main');
  const [address, setAddress] = useState<string | null>(null);
  const [found, setFound] = useState<HubModel | null>(null);
  const [busy, setBusy] = useState(false);
  const hub = machine.hub ?? publicHub;

  const lookUp = async () => {
    setFound(null);
    const wanted = (address ?? hub).trim().replace(/\/+$/, '');
    if (wanted !== hub) {
      const { hub: _before, ...others } = machine;
      await lab.setMachine(wanted === publicHub || wanted === '' ? others : { ...others, hub: wanted });
      setAddress(null);
    }
    setFound(await lab.lookUpModel(repository, revision));
  };
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    await act(lookUp);
    setBusy(false);
  };

  return (
    <section aria-labelledby="hub-title">
      <h2 id="hub-title">Models from Hugging Face</h2>
      <p className="lead">
        Download any XLNet or BERT by its repository name. Nothing is requested from the hub until you press a button;
        downloads survive cancelling, lost connections and reloads, and are verified by the hub’s digests.
      </p>
      <form className="sample-row hub-form" onSubmit={(event) => void submit(event)}>
        <Field label="Repository">
          {(control) => (
            <>
              <input
                {...control}
                type="text"
                list="hub-repositories"
                placeholder="owner/name"
                autoComplete="off"
                spellCheck={false}
                value={repository}
                onChange={(event) => setRepository(event.target.value)}
              />
              <datalist id="hub-repositories">
                {SUGGESTED.map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Revision">
          {(control) => (
            <input
              {...control}
              type="text"
              spellCheck={false}
              value={revision}
              onChange={(event) => setRevision(event.target.value)}
            />
          )}
        </Field>
        <button
          type="submit"
          className="button strong"
          disabled={busy || repository.trim() === '' || revision.trim() === ''}
          aria-busy={busy}
        >
          Look up
        </button>
        <details className="fold hub-address">
          <summary>Hub: {hub}</summary>
          <Field label="Address of the hub" help="A mirror or your own server; remembered on this machine.">
            {(control) => (
              <input
                {...control}
                type="text"
                inputMode="url"
                spellCheck={false}
                value={address ?? hub}
                onChange={(event) => setAddress(event.target.value)}
              />
            )}
          </Field>
        </details>
      </form>
      {found !== null && <HubModelPanel key={found.download.id} found={found} />}
      {downloads.length > 0 && <DownloadTable downloads={downloads} />}
    </section>
  );
}
