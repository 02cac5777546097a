// Runs the training server in a Worker of the tab.
import { indexedDb } from '../src/storage/indexedDb.ts';
import { checkpointsElsewhere, type CheckpointCalls } from '../src/training/checkpointWriter.ts';
import { connect, selfWire, workerWire } from '../src/wire/port.ts';
import { browserPlatform } from './browserPlatform.ts';
import { createTrainingServer } from './trainingServer.ts';

// The DOM library types `self` as a window; in a Worker its `postMessage` and `close` are a Worker's.
const scope = self as unknown as Parameters<typeof selfWire>[0];
const store = indexedDb();
const openWriter = () => {
  const worker = new Worker(new URL('./checkpoint.worker.ts', import.meta.url), { type: 'module' });
  return connect<CheckpointCalls, never>(workerWire(worker));
};

createTrainingServer({
  store,
  wire: selfWire(scope),
  platform: browserPlatform,
  checkpoints: checkpointsElsewhere(openWriter, store),
});
