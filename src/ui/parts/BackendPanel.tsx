// Shows which backend runs and why, what would make it faster, and the result of its self-test.
import { Popover } from '@base-ui/react/popover';
import { useContext, useState, type ComponentProps } from 'react';
import type { BackendState } from '../../lab/state/labState.ts';
import type { Activations, MachineSettings, MixedPrecision, Precision } from '../../schema/machineSettings.ts';
import { LabError } from '../../util/labError.ts';
import { backendName, enterNumber } from '../shared/format.ts';
import { AwakeContext, type AwakeState } from '../shared/keepAwake.ts';
import { useLab, useLabActions } from '../shared/useLab.ts';
import { useAct } from './Button.tsx';
import { Field } from './Field.tsx';
import { TableBox } from './TableBox.tsx';

const GIBIBYTE = 2 ** 30;
const LEAST_GIBIBYTES = 0.25;
const MOST_GIBIBYTES = 1024;

const ACTIVATIONS: ReadonlyMap<Activations, string> = new Map([
  ['auto', 'stored where they fit'],
  ['kept', 'always stored'],
  ['recomputed', 'always recomputed'],
]);

/** Edits how this machine's GPU is used: its memory, the activations stored for the backward pass, and the precision. */
function GpuSettings({ mixedPrecision, used }: { readonly mixedPrecision: MixedPrecision; readonly used: Precision }) {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const act = useAct();
  const change = (settings: Partial<MachineSettings>) => act(() => lab.setMachine({ ...machine, ...settings }));
  return (
    <details className="fold">
      <summary>
        GPU: {machine.gpuBytes / GIBIBYTE} GiB, activations {ACTIVATIONS.get(machine.activations)}, {used}
      </summary>
      <div className="stack">
        <GpuMemoryField gpuBytes={machine.gpuBytes} onChange={(gpuBytes) => change({ gpuBytes })} />
        <Field
          label="Activations"
          help="The backward pass needs the activations of each layer: they are stored, or recomputed from the layer’s input, with a third more work, less than half the memory and the same results."
        >
          {(control) => (
            <select
              {...control}
              value={machine.activations}
              onChange={(event) => change({ activations: event.target.value as Activations })}
            >
              {[...ACTIVATIONS].map(([value, words]) => (
                <option key={value} value={value}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Precision"
          help={`Mixed: matrix products read 16-bit numbers and accumulate in 32 bits; weights, gradients and moments stay 32-bit. ${mixedPrecision.reason}`}
        >
          {(control) => (
            <select
              {...control}
              value={machine.precision === 'mixed' && !mixedPrecision.admitted ? 'f32' : (machine.precision ?? 'usual')}
              onChange={({ target: { value } }) =>
                change({ precision: value === 'f32' || value === 'mixed' ? value : undefined })
              }
            >
              <option value="usual">usual: mixed on graphics cards that pass the self-test</option>
              <option value="f32">f32</option>
              <option value="mixed" disabled={!mixedPrecision.admitted}>
                mixed f16 and f32
              </option>
            </select>
          )}
        </Field>
        <p className="soft">Changes apply to runs started afterwards.</p>
      </div>
    </details>
  );
}

/** Chooses how many threads train on the processor, from the next step on, or says why there is only one. */
function ThreadSettings({ threads }: { readonly threads: NonNullable<BackendReport['threads']> }) {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const act = useAct();
  const { used, usual, most, onlyOne } = threads;
  const chosen = Math.min(machine.threads ?? usual, most);
  const help = 'Fewer threads keep the fan quiet and leave the processor to other programs; results are the same to the bit. A change takes effect at the next step.'; // prettier-ignore
  return (
    <Field label="Threads" help={onlyOne === null ? help : `Training uses one thread. ${onlyOne}`}>
      {(control) => (
        <select
          {...control}
          value={chosen}
          disabled={onlyOne !== null || isElsewhere}
          onChange={(event) => void act(() => lab.setMachine({ ...machine, threads: Number(event.target.value) }))}
        >
          {Array.from({ length: most }, (_, index) => index + 1).map((count) => (
            <option key={count} value={count}>
              {count}
              {count === usual && most > 1 ? ' (usual)' : ''}
              {count === chosen && used < chosen ? `, ${used} started` : ''}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Chooses how multiply-adds round on the processor: fused, or as machines without them do. */
function RoundingSettings() {
  const lab = useLabActions();
  const machine = useLab((state) => state.machine);
  const isElsewhere = useLab((state) => state.owner === 'elsewhere');
  const act = useAct();
  return (
    <Field
      label="Multiply-adds"
      help="Fused, they round once, which takes less time. Browsers and processors that cannot do it round twice, to other last bits: choose that where a run is to have the same bits as there. A change applies to runs that start afterwards."
    >
      {(control) => (
        <select
          {...control}
          value={machine.multiplyAdds ?? 'fused'}
          disabled={isElsewhere}
          onChange={({ target: { value } }) =>
            void act(() => lab.setMachine({ ...machine, multiplyAdds: value === 'twice' ? 'twice' : 'fused' }))
          }
        >
          <option value="fused">fused, faster</option>
          <option value="twice">rounded twice</option>
        </select>
      )}
    </Field>
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
  const valid = text.trim() !== '' && gibibytes >= LEAST_GIBIBYTES && gibibytes <= MOST_GIBIBYTES;
  return (
    <Field
      label="GPU memory, in GiB"
      help="Browsers do not report this. It determines when activations are recomputed."
      problem={valid ? undefined : enterNumber(LEAST_GIBIBYTES, MOST_GIBIBYTES)}
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

type BackendReport = Extract<BackendState, { status: 'ready' }>['report'];

interface BackendPanelProps {
  readonly backend: BackendState;
  /** Whether another tab owns the lab and its backend. */
  readonly isElsewhere: boolean;
}

function BackendPanel({ backend, isElsewhere }: BackendPanelProps) {
  return (
    <section className="panel" aria-labelledby="backend-title">
      <h2 id="backend-title">Backend</h2>
      <div className="stack" aria-live="polite">
        {backend.status === 'starting' && (
          <p>{isElsewhere ? 'The other tab uses the backend.' : 'Starting and testing the backend …'}</p>
        )}
        {backend.status === 'failed' && (
          <p className="problem">
            No backend could be started, so training is not possible here. {LabError.describe(backend.error)}
          </p>
        )}
        {backend.status === 'ready' && <ReadyBackend report={backend.report} />}
      </div>
    </section>
  );
}

interface BackendPopoverProps extends BackendPanelProps {
  /** The badge that opens it. */
  readonly badge: ComponentProps<'button'>;
}

/** Floats below its badge, open at first: it is loaded when the badge is pressed. */
export function BackendPopover({ backend, isElsewhere, badge }: BackendPopoverProps) {
  return (
    <Popover.Root defaultOpen>
      <Popover.Trigger {...badge} />
      <Popover.Portal>
        <Popover.Positioner className="popover-position" sideOffset={8} align="end">
          <Popover.Popup className="popover" aria-label="Backend">
            <BackendPanel backend={backend} isElsewhere={isElsewhere} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
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
      {environment.backend === 'webgpu' && (
        <GpuSettings mixedPrecision={report.mixedPrecision} used={environment.precision ?? 'f32'} />
      )}
      {report.threads !== undefined && <ThreadSettings threads={report.threads} />}
      {report.fusable && <RoundingSettings />}
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
        The same computations on the backend and in plain JavaScript, compared. {environment.threads} threads,{' '}
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
            <th scope="col">Result</th>
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

/** Switches on keeping this device awake while it trains, and says whether the browser allows it. */
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
  if (awake === 'missing') return 'This browser does not support it: use the device’s power settings to prevent sleep.';
  if (!wanted) return 'Training pauses while the device sleeps and continues when it wakes.';
  if (awake === 'held') return 'The screen stays on while this tab is visible.';
  if (awake === 'refused') {
    return 'The browser currently refuses, perhaps because of a low battery or power saving. The lab tries again when you return to this tab.';
  }
  return 'The screen will stay on while a run is training and this tab is visible.';
}
