// The backend of the training server: started as it was asked for, and brought back, the same on the same device, after it was lost.
import { LabError } from '../util/labError.ts';
import type { BackendChoice, BackendReport } from '../../workers/protocol.ts';
import type { Board } from './board.ts';
import type { HeldServer } from './heldServer.ts';

export interface Backend {
  /** Answers with whether it stands; the board says why not. */
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

  async function start(choice: BackendChoice): Promise<boolean> {
    asked = choice;
    try {
      const report = await server.call('start', choice);
      board.update(() => ({ backend: { status: 'ready', report } }));
      return true;
    } catch (error) {
      board.update(() => ({ backend: { status: 'failed', error: LabError.toData(error) } }));
      return false;
    }
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
    await start(asked);
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

function isSameDevice({ environment: one }: BackendReport, { environment: other }: BackendReport): boolean {
  return one.backend === other.backend && one.device === other.device;
}
