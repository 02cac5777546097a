// The backend of the training server: started as it was asked for, and brought back, the same on the same device, after it was lost.
import { LabError } from '../util/labError.ts';
import type { BackendChoice, BackendReport } from '../../workers/protocol.ts';
import type { Board } from './board.ts';
import type { HeldServer } from './heldServer.ts';

export interface Backend {
  /** Answers with whether it stands; the board says why not. What goes away while it is started is tried again as `restore` does. */
  start(choice: BackendChoice): Promise<boolean>;
  /**
   * Opens the server anew until the backend is there that was there before, and answers with whether it is. Where it is not, the board has
   * what can be had instead.
   */
  restore(): Promise<boolean>;
}

export interface BackendParts {
  readonly server: HeldServer;
  readonly board: Board;
  /** Resolves after so many milliseconds. */
  readonly wait: (waitMs: number) => Promise<void>;
}

/** A driver that was reset needs a moment, and browsers refuse a GPU for some seconds after its process died. */
const TRIED_AFTER_MS = [0, 1_000, 5_000, 20_000] as const;

export function createBackend({ server, board, wait }: BackendParts): Backend {
  let asked: BackendChoice = 'auto';
  let restoring: Promise<boolean> | null = null;

  /** Null where the backend stands, which the board tells then, `told` in place of what the server says; else why not. */
  async function attempt(choice: BackendChoice, told: Partial<BackendReport> = {}): Promise<unknown> {
    try {
      const report = { ...(await server.call('start', choice)), ...told };
      board.update(() => ({ backend: { status: 'ready', report } }));
      return null;
    } catch (error) {
      return error;
    }
  }

  async function start(choice: BackendChoice): Promise<boolean> {
    asked = choice;
    board.update(() => ({ backend: { status: 'starting' } }));
    let failure = await attempt(choice);
    if (failure !== null && mayPass(failure)) failure = await attemptAgain(choice, failure);
    if (failure !== null) board.update(() => ({ backend: { status: 'failed', error: LabError.toData(failure) } }));
    return failure === null;
  }

  /** What went away while it was started may be there again in a moment; without the GPU the processor is better than nothing. */
  async function attemptAgain(choice: BackendChoice, first: LabError): Promise<unknown> {
    const lacksGpu = choice === 'auto' && first.code !== 'worker/lost';
    let failure: unknown = first;
    for (const waitMs of TRIED_AFTER_MS) {
      await wait(waitMs);
      server.renew();
      failure = await attempt(lacksGpu ? 'webgpu' : choice);
      if (failure === null) return null;
    }
    if (!lacksGpu) return failure;
    server.renew();
    const reason = `${first.message} Training runs on the processor (wasm).`;
    return attempt('wasm', { reason, remedy: 'Reload the page to try the GPU again.' });
  }

  async function restoreOnce(): Promise<boolean> {
    const { backend } = board.getState();
    const before = backend.status === 'ready' ? backend.report : null;
    board.update(() => ({ backend: { status: 'starting' } }));
    for (const waitMs of TRIED_AFTER_MS) {
      await wait(waitMs);
      server.renew();
      const report = await server.call('start', before?.environment.backend ?? asked).catch(() => null);
      if (report === null || (before !== null && !isSameDevice(report, before))) continue;
      board.update(() => ({ backend: { status: 'ready', report } }));
      return true;
    }
    server.renew();
    const failure = await attempt(asked);
    if (failure !== null) board.update(() => ({ backend: { status: 'failed', error: LabError.toData(failure) } }));
    return false;
  }

  return {
    start,
    restore() {
      restoring ??= restoreOnce().finally(() => (restoring = null));
      return restoring;
    },
  };
}

/** A device or a thread that went away, not one that is not there or cannot be trusted. */
function mayPass(failure: unknown): failure is LabError {
  return failure instanceof LabError && ['gpu/lost', 'gpu/internal', 'worker/lost'].includes(failure.code);
}

function isSameDevice({ environment: one }: BackendReport, { environment: other }: BackendReport): boolean {
  return one.backend === other.backend && one.device === other.device;
}
