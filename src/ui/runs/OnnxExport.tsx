// Saves a snapshot as an ONNX graph for onnxruntime.
import { useState } from 'react';
import type { RunRecord } from '../../schema/runRecord.ts';
import { ONNX_PRECISIONS, type OnnxPrecision } from '../../schema/onnxDescription.ts';
import { Button } from '../parts/Button.tsx';
import { saveTagger } from '../shared/saveFile.ts';
import { useLabActions } from '../shared/useLab.ts';

const about: Readonly<Record<OnnxPrecision, string>> = {
  f32: 'The graph computes what the lab computes.',
  f16: 'Weights are rounded to 16 bits, which halves the file; the graph computes in 32.',
  int8: 'Weights take 8 bits, a quarter of the size, and products are rounded, too: a few mentions change.',
};

interface OnnxExportProps {
  readonly record: RunRecord;
  /** Names the folder of a snapshot. */
  readonly folderOf: (epoch: number) => string;
}

/** Chooses a snapshot and a precision. */
export function OnnxExport({ record: { spec, snapshots, selectedEpoch }, folderOf }: OnnxExportProps) {
  const lab = useLabActions();
  const epochs = snapshots.map(({ epoch }) => epoch);
  const [chosen, setChosen] = useState<number | null>(null);
  const [precision, setPrecision] = useState<OnnxPrecision>('f32');
  const epoch = chosen ?? selectedEpoch ?? epochs.at(-1);
  if (epoch === undefined) return null;
  const save = () =>
    saveTagger(
      lab,
      { tagger: { kind: 'snapshot', runId: spec.id, epoch }, precision: 'F32', onnx: precision },
      `${folderOf(epoch)}-onnx-${precision}`,
    );
  return (
    <>
      <div className="actions" role="group" aria-label="ONNX">
        {epochs.length > 1 && (
          <label className="inline-field">
            Snapshot of epoch{' '}
            <select value={epoch} onChange={(event) => setChosen(Number(event.target.value))}>
              {epochs.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
        <label className="inline-field">
          ONNX weights{' '}
          <select
            value={precision}
            onChange={(event) => setPrecision(ONNX_PRECISIONS.find((one) => one === event.target.value) ?? precision)}
          >
            {ONNX_PRECISIONS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <Button onAct={save} label={`Save as ONNX, epoch ${epoch}`}>
          Save as ONNX
        </Button>
      </div>
      <p className="soft">
        A zipped folder for onnxruntime in a page, in Node and in Python, with <code>tag.js</code> and{' '}
        <code>tag.py</code> that tag text with it. {about[precision]}
      </p>
    </>
  );
}
