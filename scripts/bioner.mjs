#!/usr/bin/env node
// Starts `bioner`: lets TypeScript be loaded, and gives commands that compute an environment in which a Vulkan driver is found.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

/** As in headless/commandEnd.ts, which cannot be loaded yet. */
const SUBMIT_AGAIN = 75;
const signals = ['SIGTERM', 'SIGUSR1'];

// Nothing is trained yet. Without this, SIGUSR1 would start Node's debugger.
const early = () => process.exit(SUBMIT_AGAIN);
for (const signal of signals) process.on(signal, early);

const args = process.argv.slice(2);
register();
const { vulkanEnvironment } = await import('./vulkanEnvironment.ts');
const computes =
  ['train', 'tag', 'plan', 'workflow'].includes(args[0]) && !args.some((word) => ['wasm', 'cpu'].includes(word));
const environment = computes ? vulkanEnvironment() : {};

if (Object.keys(environment).length === 0) {
  const { runCommand } = await import('./bionerCommand.ts');
  for (const signal of signals) process.off(signal, early);
  await runCommand(args);
} else {
  // The loader's path is read when a process starts, so a separate process is needed. It notices when this one ends, and gets signals as messages.
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  for (const signal of signals) {
    process.off(signal, early);
    process.on(signal, () => child.send(signal, () => undefined));
  }
  // A terminal sends Ctrl-C to the child as well.
  process.on('SIGINT', () => process.stdin.isTTY || child.send('SIGINT', () => undefined));
  child.on('exit', (code) => process.exit(code ?? 1));
}
