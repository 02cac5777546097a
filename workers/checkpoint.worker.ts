// Stores checkpoints in a Worker of the Worker that trains, which goes on meanwhile.
import { indexedDb } from '../src/storage/indexedDb.ts';
import { checkpointsInto, type CheckpointCalls } from '../src/training/checkpointWriter.ts';
import { selfWire, serve } from '../src/wire/port.ts';

// The DOM library types `self` as a window; in a Worker its `postMessage` and `close` are a Worker's.
const scope = self as unknown as Parameters<typeof selfWire>[0];

const { write } = checkpointsInto(indexedDb());

serve<CheckpointCalls, never>(selfWire(scope), { ready: () => true, write });
