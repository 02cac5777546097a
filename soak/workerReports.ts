// Records in the page what the training Worker reports, without changing the lab: the last phase, memory and step, and the number of events.
import type { BrowserContext, Page } from 'playwright';
import type { MemoryReport } from '../src/wire/trainingProtocol.ts';

export interface WorkerReports {
  /** `opening` before the first event, `between runs` after a run's last. */
  readonly phase: string;
  readonly step: number;
  readonly memory: MemoryReport | null;
  readonly events: number;
}

// Text, because the script compiler would insert helpers that the page does not have.
const listening = `
  globalThis.toldByWorker = { phase: 'opening', step: 0, memory: null, events: 0 };
  globalThis.Worker = class extends Worker {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (data?.kind !== 'event') return;
        const { event } = data;
        const told = globalThis.toldByWorker;
        told.events++;
        if (event.kind === 'phase') told.phase = event.phase;
        if (event.kind === 'ended') told.phase = 'between runs';
        if (event.kind === 'step') Object.assign(told, { step: event.point.step, memory: event.memory });
      });
    }
  };
`;

/** Listens in every page opened from now on. */
export function listenToWorkers(context: BrowserContext): Promise<unknown> {
  return context.addInitScript({ content: listening });
}

/** Undefined before the page is open. */
export function workerReports(page: Page): Promise<WorkerReports | undefined> {
  return page.evaluate(() => (globalThis as unknown as { workerReports?: WorkerReports }).workerReports);
}
