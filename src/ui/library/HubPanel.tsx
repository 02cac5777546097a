// Gets models from a hub by name: the form to look one up, suggested models, and unfinished downloads.
import { useMemo, useState, type SyntheticEvent } from 'react';
import { familyList } from '../../data/pieces/encoderFacts.ts';
import {
  configOfSuggested,
  layerParameters,
  suggestedModels,
  type SuggestedModel,
} from '../../lab/library/suggestedModels.ts';
import { presets } from '../../lab/plans/presets.ts';
import type { HubModel, Job } from '../../lab/state/labState.ts';
import type { ModelDownload } from '../../schema/libraryRecord.ts';
import { totalSize } from '../../util/namedFile.ts';
import { publicHub } from '../../wire/requestFile.ts';
import { Button, Meter, RemoveButton, useAct } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { ActionsHead, TableBox } from '../parts/TableBox.tsx';
import { format } from '../shared/format.ts';
import { useModelMemory, type Estimate } from '../shared/memoryEstimates.ts';
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

/** Size of the updates for which memory is stated. */
const STATED = { sequences: 8, pieces: 128 } as const;

interface SuggestionRowProps {
  readonly model: SuggestedModel;
  /** Weights in the layers of the built-in model; null before it is installed. */
  readonly builtInWeights: number | null;
  readonly onChoose: (repository: string) => Promise<void>;
}

function SuggestionRow({ model, builtInWeights, onChoose }: SuggestionRowProps) {
  const { repository, card, licence, parameterCount } = model;
  const here = useLab((state) => state.models.find(({ source }) => source?.repository === repository)?.name);
  const request = useMemo(() => {
    const { sequences, pieces } = STATED;
    const size = { batchSize: sequences, microBatchSize: sequences, maxPieces: pieces };
    return { model: { configFile: configOfSuggested(model) }, config: { ...presets.paper.config, ...size }, pieces };
  }, [model]);
  const estimate = useModelMemory(request);
  return (
    <tr>
      <th scope="row">
        {repository}
        {here !== undefined && <span className="tag">in the library</span>}
        <div className="field-help">{card}</div>
        <Button kind="quiet" label={`Details of ${repository}`} onAct={() => onChoose(repository)}>
          Details
        </Button>
      </th>
      <td>{licence ?? 'none stated'}</td>
      <td className="number">{format.parameters(parameterCount)}</td>
      <td className="number nowrap">{format.bytes(4 * parameterCount)}</td>
      <td className="nowrap">{memoryWords(estimate)}</td>
      <td className="number nowrap">
        {builtInWeights === null ? '–' : `${format.count(Math.round(layerParameters(model) / builtInWeights))} ×`}
      </td>
    </tr>
  );
}

function memoryWords(estimate: Estimate | null | 'unknown'): string {
  if (estimate === 'unknown') return 'not known yet';
  if (estimate === null) return 'no estimate without a GPU';
  if ('plainNetwork' in estimate) return 'no estimate';
  return `${format.bytes(estimate.bytes)}${estimate.fits ? '' : ', more than this GPU has'}`;
}

/** Lists encoders worth a download; nothing is requested for it. */
function Suggestions({ onChoose }: Pick<SuggestionRowProps, 'onChoose'>) {
  const builtIn = useLab((state) => state.models.find((model) => model.builtIn));
  const builtInWeights = builtIn === undefined ? null : layerParameters(builtIn);
  return (
    <>
      <h3>Suggested models</h3>
      <TableBox label="Suggested models">
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Licence</th>
            <th scope="col" className="number">
              Parameters
            </th>
            <th scope="col" className="number">
              Size
            </th>
            <th scope="col">Memory</th>
            <th scope="col" className="number">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {suggestedModels.map((model) => (
            <SuggestionRow key={model.repository} model={model} builtInWeights={builtInWeights} onChoose={onChoose} />
          ))}
        </tbody>
      </TableBox>
      <p className="soft">
        Size is that of the weights in F32; details ask the hub what would be downloaded. Memory is for an update of{' '}
        {STATED.sequences} sequences of {STATED.pieces} pieces on the GPU. Time is the arithmetic for each token
        compared with the built-in model; how long a plan takes here is shown on New once the model is in the library.
        Licences are those the repositories state; where none is stated, ask the authors before you share what you
        train.
      </p>
    </>
  );
}

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

  const lookUp = async (wantedRepository: string) => {
    setFound(null);
    const wanted = (address ?? hub).trim().replace(/\/+$/, '');
    if (wanted !== hub) {
      const { hub: _before, ...others } = machine;
      await lab.setMachine(wanted === publicHub || wanted === '' ? others : { ...others, hub: wanted });
      setAddress(null);
    }
    setFound(await lab.lookUpModel(wantedRepository, revision));
  };
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    await act(() => lookUp(repository));
    setBusy(false);
  };

  return (
    <section aria-labelledby="hub-title">
      <h2 id="hub-title">Models from Hugging Face</h2>
      <p className="lead">
        Download any encoder of the families {familyList()} by its repository name. Nothing is requested from the hub
        until you press a button; downloads survive cancelling, lost connections and reloads, and are verified by the
        hub’s digests.
      </p>
      <Suggestions
        onChoose={(chosen) => {
          setRepository(chosen);
          return lookUp(chosen);
        }}
      />
      <form className="sample-row hub-form" onSubmit={(event) => void submit(event)}>
        <Field label="Repository">
          {(control) => (
            <input
              {...control}
              type="text"
              placeholder="owner/name"
              autoComplete="off"
              spellCheck={false}
              value={repository}
              onChange={(event) => setRepository(event.target.value)}
            />
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
