// Installs a Chromium on a machine without one.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { findChromium } from './findChromium.ts';

/** Tries the system's packages if it may, then Playwright's download. Returns the browser's path, or undefined if neither worked. */
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

/** Returns the prefix that runs a command as root on Linux; undefined if that needs a prompt. */
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
