// Wires commands up in Node: a training server in a channel, signals that pause, and processes of the same command.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Store } from '../src/storage/store.ts';
import { connect, portWire } from '../src/wire/port.ts';
import type { RunEvent, ServerCalls, ServerClient } from '../src/wire/trainingProtocol.ts';
import { nodePlatformWith } from '../workers/nodePlatform.ts';
import { createTrainingServer } from '../workers/trainingServer.ts';
import { exitCodes, type ChildLines, type CommandSurroundings, type MachinePart } from './commandEnd.ts';

/** A terminal and npm may both deliver one Ctrl-C; only a signal this much later, in milliseconds, counts as a second one. */
const SAME_SIGNAL_MS = 1000;
const command = fileURLToPath(new URL('../scripts/bioner.mjs', import.meta.url));

function openServer(store: Store, part: MachinePart): ServerClient {
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatformWith(part) });
  return connect<ServerCalls, RunEvent>(portWire(channel.port1));
}

/**
 * Aborts on the first signal. A second Ctrl-C ends the process at once; schedulers send SIGTERM and SIGUSR1 again and mean the same. The end of a
 * parent process that keeps a channel to this one counts as SIGTERM: nobody would wait for the result.
 */
function interruptOfProcess(): AbortSignal {
  const interrupt = new AbortController();
  let interruptedAt = Infinity;
  process.on('SIGINT', () => {
    if (performance.now() - interruptedAt > SAME_SIGNAL_MS) process.exit(exitCodes.paused);
    interruptedAt = Math.min(interruptedAt, performance.now());
    interrupt.abort('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGUSR1'] as const) process.on(signal, () => interrupt.abort(signal));
  if (process.send !== undefined) {
    process.on('message', (message) => {
      if (message === 'SIGTERM' || message === 'SIGUSR1' || message === 'SIGINT') interrupt.abort(message);
    });
    process.on('disconnect', () => interrupt.abort('SIGTERM'));
  }
  return interrupt.signal;
}

/** Starts `bioner` again with other arguments; a signal to this process is passed on, and its end is noticed. */
function spawnCommand(args: readonly string[], lines: ChildLines, interrupt: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', lines.output);
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', lines.errors);
  // A message waits until the child listens, where a signal would end it.
  const pass = (): void => void child.send(String(interrupt.reason), () => undefined);
  if (interrupt.aborted) pass();
  else interrupt.addEventListener('abort', pass, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      interrupt.removeEventListener('abort', pass);
      resolve(code ?? (interrupt.aborted ? exitCodes.submitAgain : exitCodes.failed));
    });
  });
}

/** Makes the surroundings of a command in this process. Call it once. */
export function nodeSurroundings(): CommandSurroundings {
  return {
    output: process.stdout,
    errors: process.stderr,
    interrupt: interruptOfProcess(),
    openServer,
    spawn: spawnCommand,
  };
}

/** Ends the process when everything written has left it: a pipe may still hold lines, and the GPU and its threads would keep the process alive. */
export async function exitWith(code: number): Promise<never> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
  );
  process.exit(code);
}
