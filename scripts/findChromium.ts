// Finds the local Chromium or Chrome for tests that need a browser.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';

/** What the search inspects. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where Playwright would have installed its own Chromium. */
  readonly playwrightPath: string;
  exists(file: string): boolean;
  /** Whether a file named like a browser is one: on Ubuntu `chromium-browser` may be a script that asks for snap. */
  isBrowser(file: string): boolean;
}

const commands = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Returns the first that exists of: CHROME_PATH, CHROMIUM_PATH, the usual commands on PATH, the usual locations on macOS and
 * Windows, and Playwright's download. Undefined if there is none.
 */
export function findChromium(machine: Machine = thisMachine()): string | undefined {
  const { env } = machine;
  const named = [env['CHROME_PATH'], env['CHROMIUM_PATH']].find((file) => file !== undefined && machine.exists(file));
  if (named !== undefined) return named;
  return [...placesOf(machine), machine.playwrightPath].find((file) => machine.exists(file) && machine.isBrowser(file));
}

function placesOf({ platform, env }: Machine): string[] {
  if (platform === 'darwin') {
    const bundles = ['Chromium.app/Contents/MacOS/Chromium', 'Google Chrome.app/Contents/MacOS/Google Chrome'];
    const folders = ['/Applications', `${env['HOME'] ?? ''}/Applications`];
    return folders.flatMap((folder) => bundles.map((bundle) => `${folder}/${bundle}`));
  }
  if (platform === 'win32') {
    const folders = [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']];
    const programs = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe'];
    return folders.flatMap((folder) => (folder ? programs.map((program) => `${folder}\\${program}`) : []));
  }
  const folders = (env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  return commands.flatMap((command) => folders.map((folder) => path.posix.join(folder, command)));
}

function thisMachine(): Machine {
  return {
    platform: process.platform,
    env: process.env,
    playwrightPath: chromium.executablePath(),
    exists: existsSync,
    isBrowser(file) {
      if (process.platform !== 'linux') return true; // On Windows `--version` would open a window.
      const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 20_000 });
      return status === 0 && /chrom/i.test(stdout);
    },
  };
}
