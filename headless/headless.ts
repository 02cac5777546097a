// Trains a plan without a browser: the entry point of `npm run headless`, which wires up the training server and signals in Node.
import type { Store } from '../src/storage/store.ts';
import { connect, portWire } from '../src/wire/port.ts';
import type { RunEvent, ServerCalls, ServerClient } from '../src/wire/trainingProtocol.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';
import { createTrainingServer } from '../workers/trainingServer.ts';
import { runHeadless } from './runHeadless.ts';

/** A terminal and npm may both deliver one Ctrl-C; only a signal this much later, in milliseconds, counts as a second one. */
const sameSignalMs = 1000;

function openServer(store: Store): ServerClient {
  const channel = new MessageChannel();
  createTrainingServer({ store, wire: portWire(channel.port2), platform: nodePlatform });
  return connect<ServerCalls, RunEvent>(portWire(channel.port1));
}

const interrupt = new AbortController();
let interruptedAt = Infinity;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (performance.now() - interruptedAt > sameSignalMs) process.exit(130);
    interruptedAt = Math.min(interruptedAt, performance.now());
    interrupt.abort();
  });
}

const exitCode = await runHeadless(process.argv.slice(2), {
  output: process.stdout,
  errors: process.stderr,
  interrupt: interrupt.signal,
  openServer,
});
// The GPU and its threads would keep the process alive.
process.exit(exitCode);
