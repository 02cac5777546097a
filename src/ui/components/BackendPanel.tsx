// Which backend runs and why, what would make it faster, and how its self-test went.
import { LabError } from '../../util/labError.ts';
import type { BackendState } from '../../lab/labState.ts';
import type { Environment } from '../../schema/runRecord.ts';
import { GpuSettings } from './GpuSettings.tsx';
import { TableBox } from './TableBox.tsx';

type BackendName = Environment['backend'];
type BackendReport = Extract<BackendState, { status: 'ready' }>['report'];

const NAMES: Readonly<Record<BackendName, string>> = { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'JavaScript' };

export function backendName(backend: BackendName): string {
  return NAMES[backend];
}

export interface BackendPanelProps {
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
