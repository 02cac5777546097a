// Which backend runs and why, what would make it faster, and how its self-test went.
import { useContext, useState } from 'react';
import type { BackendState } from '../../lab/state/labState.ts';
import type { Activations, MachineSettings, MixedPrecision, Precision } from '../../schema/machineSettings.ts';
import type { Environment } from '../../schema/runRecord.ts';
import { LabError } from '../../util/labError.ts';
import { AwakeContext, type AwakeState } from '../shared/keepAwake.ts';
import { useAct } from '../shared/useAct.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { Field } from './Field.tsx';
import { TableBox } from './TableBox.tsx';

const GIBIBYTE = 2 ** 30;
const LEAST_GIBIBYTES = 0.25;

const ACTIVATIONS: Readonly<Record<Activations, string>> = {
  auto: 'kept where they fit',
  kept: 'always kept',
  recomputed: 'always done again',
};

/** How the GPU of this machine is used: its memory, what the backward pass keeps, and the precision. */
function GpuSettings({ mixedPrecision }: { readonly mixedPrecision: MixedPrecision }) {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const act = useAct();
  const change = (settings: Partial<MachineSettings>) => act(() => lab.setMachine({ ...machine, ...settings }));
  return (
    <details className="fold">
      <summary>
        GPU: {machine.gpuBytes / GIBIBYTE} GiB, activations {ACTIVATIONS[machine.activations]}, {machine.precision}
      </summary>
      <div className="stack">
        <GpuMemoryField gpuBytes={machine.gpuBytes} onChange={(gpuBytes) => change({ gpuBytes })} />
        <Field
          label="Activations"
          help="What the backward pass needs of each layer is kept, or done again from the layer’s input: a third more work, less than half the memory, the same numbers."
        >
          {(control) => (
            <select
              {...control}
              value={machine.activations}
              onChange={(event) => change({ activations: event.target.value as Activations })}
            >
              {Object.entries(ACTIVATIONS).map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Precision"
          help={`Mixed: products read 16-bit numbers and add in 32 bits; weights, gradients and moments stay 32-bit. ${mixedPrecision.reason}`}
        >
          {(control) => (
            <select
              {...control}
              value={mixedPrecision.admitted ? machine.precision : 'f32'}
              onChange={(event) => change({ precision: event.target.value as Precision })}
            >
              <option value="f32">f32</option>
              <option value="mixed" disabled={!mixedPrecision.admitted}>
                mixed f16 and f32
              </option>
            </select>
          )}
        </Field>
        <p className="soft">Runs that start after a change follow it.</p>
      </div>
    </details>
  );
}

function GpuMemoryField({
  gpuBytes,
  onChange,
}: {
  readonly gpuBytes: number;
  readonly onChange: (bytes: number) => void;
}) {
  const [text, setText] = useState(String(gpuBytes / GIBIBYTE));
  const gibibytes = Number(text);
  const valid = text.trim() !== '' && gibibytes >= LEAST_GIBIBYTES && gibibytes <= 1024;
  return (
    <Field
      label="Memory of the GPU, in GiB"
      help="Browsers do not tell how much there is; it decides when activations are done again."
      problem={valid ? undefined : `A number from ${LEAST_GIBIBYTES} to 1024 is expected.`}
    >
      {(control) => (
        <input
          {...control}
          type="text"
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => {
            if (valid) onChange(Math.round(gibibytes * GIBIBYTE));
          }}
        />
      )}
    </Field>
  );
}

type BackendName = Environment['backend'];
type BackendReport = Extract<BackendState, { status: 'ready' }>['report'];

const NAMES: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'JavaScript' };

export function backendName(backend: BackendName): string {
  return NAMES[backend];
}

interface BackendPanelProps {
  readonly backend: BackendState;
  /** Whether another tab has the lab, and the backend with it. */
  readonly isElsewhere: boolean;
}

export function BackendPanel({ backend, isElsewhere }: BackendPanelProps) {
  return (
    <section className="panel" aria-labelledby="backend-title">
      <h2 id="backend-title">Backend</h2>
      <div className="stack" aria-live="polite">
        {backend.status === 'starting' && (
          <p>{isElsewhere ? 'The other tab has the backend.' : 'Starting the backend and testing it.'}</p>
        )}
        {backend.status === 'failed' && (
          <p className="problem">
            No backend could be started, so nothing can be trained here. {LabError.describe(backend.error)}
          </p>
        )}
        {backend.status === 'ready' && <ReadyBackend report={backend.report} />}
      </div>
    </section>
  );
}

function ReadyBackend({ report }: { readonly report: BackendReport }) {
  const { environment, reason, remedy } = report;
  return (
    <>
      <p className="lead">
        <strong>{backendName(environment.backend)}</strong> on {environment.device}
      </p>
      <p className="soft">{reason}</p>
      {remedy !== null && (
        <p className="remedy">
          <strong>To train faster:</strong> {remedy}
        </p>
      )}
      {environment.backend === 'webgpu' && <GpuSettings mixedPrecision={report.mixedPrecision} />}
      <SelfTest report={report} />
    </>
  );
}

function SelfTest({ report: { selfTest, environment } }: { readonly report: BackendReport }) {
  if (selfTest.length === 0) return null;
  const passed = selfTest.filter((check) => check.passed).length;
  return (
    <details className="fold" open={passed < selfTest.length}>
      <summary>
        Self-test: {passed} of {selfTest.length} checks passed
      </summary>
      <p className="soft">
        The same numbers computed by the backend and by plain JavaScript. {environment.threads} threads,{' '}
        {environment.platform}.
      </p>
      <TableBox label="Self-test">
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col" className="number">
              Largest error
            </th>
            <th scope="col" className="number">
              Tolerance
            </th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {selfTest.map((check) => (
            <tr key={check.name}>
              <th scope="row">{check.name}</th>
              <td className="number">{check.maxError.toExponential(1)}</td>
              <td className="number">{check.tolerance.toExponential(1)}</td>
              <td className={check.passed ? undefined : 'problem'}>{check.passed ? 'passed' : 'failed'}</td>
            </tr>
          ))}
        </tbody>
      </TableBox>
    </details>
  );
}

/** The wish to keep this device awake while it trains, and whether the browser grants it. */
export function AwakeSwitch() {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const awake = useContext(AwakeContext);
  const act = useAct();
  const isMissing = awake === 'missing';
  return (
    <div className="awake">
      <label className="check">
        <input
          type="checkbox"
          role="switch"
          checked={machine.keepAwake === true && !isMissing}
          disabled={isMissing || isElsewhere}
          onChange={(event) => void act(() => lab.setMachine({ ...machine, keepAwake: event.target.checked }))}
        />
        Keep this device awake while training
      </label>
      <p className={awake === 'refused' ? 'problem' : 'soft'} aria-live="polite">
        {awakeText(machine.keepAwake === true, awake)}
      </p>
    </div>
  );
}

function awakeText(wanted: boolean, awake: AwakeState): string {
  if (awake === 'missing') return 'This browser cannot: let the power settings of the device keep it from sleeping.';
  if (!wanted) return 'A device that sleeps trains no further; the run goes on when it wakes.';
  if (awake === 'held') return 'The screen stays on as long as this tab is seen.';
  if (awake === 'refused') {
    return 'The browser refuses that now, as it may on a low battery or to save power. It is asked again when you come back to this tab.';
  }
  return 'The screen will stay on while a run is on the device and this tab is seen.';
}
