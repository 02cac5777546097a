// A Chromium on a profile folder that can be killed like any process, entirely or in parts, and restarted on the same profile.
import { spawn, type ChildProcess } from 'node:child_process';
import { chromium, type Browser, type BrowserContext } from 'playwright';
import { chromiumFlags } from '../scripts/chromiumFlags.ts';
import { findChromium } from '../scripts/findChromium.ts';

/** Background pages continue training; a GPU process that crashed often is still restarted. */
const FLAGS: readonly string[] = [
  '--headless',
  '--remote-debugging-port=0',
  '--no-default-browser-check',
  '--password-store=basic',
  '--use-mock-keychain',
  '--disable-dev-shm-usage',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-domain-blocking-for-3d-apis',
  '--disable-gpu-process-crash-limit',
];
const STARTS_WITHIN_MS = 60_000;
/** On a busy machine a start now and then prints no address, or does not answer on it. */
const STARTS = 3;
const DIES_WITHIN_MS = 20_000;

/** Processes of a browser besides the main one, as named by DevTools. */
export type ProcessKind = 'renderer' | 'GPU';

export interface KillableBrowser {
  /** Context of the profile. */
  readonly context: BrowserContext;
  readonly version: string;
  /** Sends SIGKILL to the browser and every process it started, and waits until none is left. */
  kill(): Promise<void>;
  /** Sends SIGKILL to its processes of one kind; returns their number. */
  killProcesses(kind: ProcessKind): Promise<number>;
  /** Shuts down cleanly, so that nothing is left unwritten. */
  close(): Promise<void>;
}

/** A browser answers at once, unless the machine is busy with others. */
const ANSWERS_WITHIN_MS = 60_000;

/** Throws Error if there is no Chromium or it does not start, each of several times. */
export async function openKillableBrowser(profile: string, flags: readonly string[] = []): Promise<KillableBrowser> {
  const executable = findChromium();
  if (executable === undefined) throw new Error('No Chromium was found. Install Chrome or Chromium, or set CHROME_PATH.'); // prettier-ignore
  const refusals: string[] = [];
  while (refusals.length < STARTS) {
    try {
      return await startBrowser(executable, profile, flags);
    } catch (error) {
      refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`Chromium did not start, ${STARTS} times. ${refusals.join(' ')}`);
}

/** Starts a browser once; leaves no process of one that does not answer. */
async function startBrowser(executable: string, profile: string, flags: readonly string[]): Promise<KillableBrowser> {
  // Start a separate process group, which a signal reaches as a whole.
  const child = spawn(executable, [...chromiumFlags, ...FLAGS, ...flags, `--user-data-dir=${profile}`], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const killAtExit = (): void => signalGroup(child, 'SIGKILL');
  process.once('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  const kill = async (): Promise<void> => {
    if (!isAlive(child)) return;
    signalGroup(child, 'SIGKILL');
    await died(child);
  };
  let browser: Browser;
  try {
    browser = await chromium.connectOverCDP(await devToolsAddress(child), { timeout: ANSWERS_WITHIN_MS });
  } catch (error) {
    await kill();
    throw error;
  }
  const [context] = browser.contexts();
  if (context === undefined) throw new Error('The browser shows no profile.');
  return {
    context,
    version: browser.version(),
    kill,
    async killProcesses(kind) {
      const ids = await processIds(browser, kind);
      for (const id of ids) process.kill(id, 'SIGKILL');
      return ids.length;
    },
    async close() {
      const session = await browser.newBrowserCDPSession();
      await session.send('Browser.close').catch(() => undefined); // The answer may die with the browser.
      await died(child);
    },
  };
}

/** Waits for the address that a starting Chromium prints. */
function devToolsAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const tooLate = setTimeout(() => reject(new Error(`Chromium did not start in time. ${printed}`)), STARTS_WITHIN_MS);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Chromium ended at once with ${code}. ${printed}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const address = /DevTools listening on (ws:\S+)/.exec(printed)?.[1];
      if (address === undefined) return;
      clearTimeout(tooLate);
      // Keep reading, or a full pipe would block the browser.
      child.stderr?.removeAllListeners('data').resume();
      resolve(address);
    });
  });
}

async function processIds(browser: Browser, kind: ProcessKind): Promise<readonly number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === kind).map(({ id }) => id);
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): void {
  if (child.pid !== undefined) process.kill(-child.pid, signal);
}

/** Resolves when no process of the group is left. */
async function died(child: ChildProcess): Promise<void> {
  const deadline = performance.now() + DIES_WITHIN_MS;
  while (isAlive(child)) {
    if (performance.now() > deadline) throw new Error('A process of the browser does not die.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isAlive(child: ChildProcess): boolean {
  try {
    signalGroup(child, 0);
    return true;
  } catch {
    return false;
  }
}
