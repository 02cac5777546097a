// Installs a Chromium on a machine that has none.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { findChromium } from './findChromium.ts';

/** Tries the system's packages where it may, then Playwright's download. The browser's path, or undefined when neither gave one. */
export function installChromium(): string | undefined {
  const prefix = rootPrefix();
  if (prefix !== undefined && runs('apt-get', ['--version'])) {
    console.log('No Chromium here: installing it with apt-get.');
    const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-y'];
    shows([...apt, 'update']);
    shows([...apt, 'install', '--no-install-recommends', 'chromium']);
    const found = findChromium();
    if (found !== undefined) return found;
  }
  console.log("No Chromium here: fetching Playwright's.");
  const cli = path.resolve(import.meta.dirname, '../node_modules/playwright/cli.js');
  const deps = prefix === undefined ? [] : ['--with-deps'];
  shows([process.execPath, cli, 'install', '--no-shell', ...deps, 'chromium']);
  return findChromium();
}

/** What to put before a command so that it runs as root on Linux; undefined when there is no way without asking. */
function rootPrefix(): readonly string[] | undefined {
  if (process.platform !== 'linux') return undefined;
  if (process.getuid?.() === 0) return [];
  return runs('sudo', ['-n', 'true']) ? ['sudo', '-n'] : undefined;
}

function runs(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function shows([command, ...args]: readonly string[]): void {
  if (command !== undefined) spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
}
