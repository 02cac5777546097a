// Shows what a hub offers under a name: files, size, shape and memory, before anything large is downloaded.
import { useMemo, useState } from 'react';
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import { presets } from '../../lab/plans/presets.ts';
import type { BackendState, HubModel } from '../../lab/state/labState.ts';
import { totalSize } from '../../util/namedFile.ts';
import { Button } from '../parts/Button.tsx';
import { Field } from '../parts/Field.tsx';
import { Facts, TableBox } from '../parts/TableBox.tsx';
import { backendName, enterNumber, format, wholeNumber } from '../shared/format.ts';
import { memoryHome, memoryLimit, recomputesText, useModelMemory, type Estimate } from '../shared/memoryEstimates.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';

export function HubModelPanel({ found: { download, encoder, configFile } }: { readonly found: HubModel }) {
  const lab = useLabActions();
  const { repository, revision, commit } = download.source;
  const totalBytes = totalSize(download.files);
  const begun = useLab((state) => state.downloads.find(({ record }) => record.id === download.id));
  const here = useLab((state) =>
    state.models.find(({ source }) => source?.repository === repository && source.commit === commit),
  );
  const received = begun?.receivedBytes ?? 0;
  return (
    <div className="panel" role="region" aria-label={`${repository} at the hub`}>
      <h3>{repository}</h3>
      <Facts
        facts={[
          ['Family', factsOf(encoder.family).name],
          ['Layers', format.count(encoder.layers)],
          ['Width', format.count(encoder.hiddenSize)],
          ['Heads', format.count(encoder.heads)],
          ['Vocabulary', format.count(encoder.vocabularySize)],
          ['Parameters', format.parameters(encoder.parameterCount)],
          ['Download size', here === undefined ? format.bytes(totalBytes - received) : 'nothing'],
          ['Commit', <code key="commit">{commit.slice(0, 12)}</code>],
        ]}
      />
      <MemoryFacts configFile={configFile} />
      <details className="fold">
        <summary>
          {format.counted(download.files.length, 'file')}, {format.bytes(totalBytes)}
        </summary>
        <TableBox label="Files to download">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">Digest</th>
            </tr>
          </thead>
          <tbody>
            {download.files.map(({ name, sizeBytes, digest }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td className="number nowrap">{format.bytes(sizeBytes)}</td>
                <td className="nowrap">
                  {digest.kind === 'sha256' ? 'SHA-256' : 'git'}{' '}
                  <code title={digest.hex}>{format.shortFingerprint(digest.hex)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </TableBox>
      </details>
      <div className="actions">
        {here === undefined ? (
          <Button
            kind="strong"
            disabled={begun !== undefined && begun.jobId !== null}
            onAct={async () => void (await lab.downloadModel(download))}
          >
            {received > 0 ? 'Resume' : 'Download'} ({format.bytes(totalBytes - received)})
          </Button>
        ) : (
          <p>
            Already in the library as <strong>{here.name}</strong>.
          </p>
        )}
        <span className="soft">
          {revision} now points to this commit; {received > 0 && `${format.bytes(received)} already downloaded; `}the
          repository’s licence applies.
        </span>
      </div>
    </div>
  );
}

/** Smallest and largest value of each. */
const SEQUENCES = [1, 4096] as const;
const PIECES = [8, 1024] as const;

/** Shows the GPU memory of an update, for an adjustable batch size and length. */
function MemoryFacts({ configFile }: Pick<HubModel, 'configFile'>) {
  const backend = useLab((state) => state.backend);
  const gpuBytes = useLab((state) => state.machine.gpuBytes);
  const [sequences, setSequences] = useState('8');
  const [pieces, setPieces] = useState('128');
  const [sequenceCount, pieceCount] = [wholeNumber(sequences, ...SEQUENCES), wholeNumber(pieces, ...PIECES)];
  const request = useMemo(() => {
    if (sequenceCount === null || pieceCount === null) return null;
    const size = { batchSize: sequenceCount, microBatchSize: sequenceCount, maxPieces: pieceCount };
    return { model: { configFile }, config: { ...presets.paper.config, ...size }, pieces: pieceCount };
  }, [configFile, sequenceCount, pieceCount]);
  const estimate = useModelMemory(request);
  return (
    <div className="fields">
      <SizeField
        label="Micro-batch size"
        help="Sequences processed at once."
        bounds={SEQUENCES}
        text={sequences}
        onChange={setSequences}
      />
      <SizeField
        label="Pieces per sequence"
        help="Length of the longest sequence."
        bounds={PIECES}
        text={pieces}
        onChange={setPieces}
      />
      <div className="field" aria-live="polite">
        <span className="soft">Memory per update</span>
        <MemoryText estimate={estimate} backend={backend} gpuBytes={gpuBytes} />
      </div>
    </div>
  );
}

interface SizeFieldProps {
  readonly label: string;
  readonly help: string;
  readonly bounds: readonly [least: number, most: number];
  readonly text: string;
  readonly onChange: (text: string) => void;
}

function SizeField({ label, help, bounds, text, onChange }: SizeFieldProps) {
  const problem = enterNumber(bounds[0], bounds[1]);
  return (
    <Field label={label} help={help} problem={wholeNumber(text, ...bounds) === null ? problem : undefined}>
      {(control) => (
        <input
          {...control}
          type="text"
          inputMode="numeric"
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

function MemoryText({
  estimate,
  backend,
  gpuBytes,
}: {
  readonly estimate: Estimate | null | 'unknown';
  readonly backend: BackendState;
  readonly gpuBytes: number;
}) {
  if (backend.status !== 'ready') return <p>Shown when the backend is ready.</p>;
  if (estimate === 'unknown') return <p>Unknown for this model and size.</p>;
  if (estimate === null) {
    return (
      <p>
        {backendName(backend.report.environment.backend)} has no estimate; measure a step once the model is in the
        library.
      </p>
    );
  }
  if ('plainNetwork' in estimate) return <p>No estimate: {estimate.plainNetwork}.</p>;
  return (
    <p className={estimate.fits ? undefined : 'problem'}>
      <strong>{format.bytes(estimate.bytes)}</strong> {memoryHome(estimate)}
      {estimate.recomputed && recomputesText}
      {!estimate.fits &&
        `, more than ${estimate.onProcessor === true ? 'the' : 'its configured'} ${format.bytes(memoryLimit(estimate, gpuBytes))}`}
    </p>
  );
}
