// Runs the training server in a Worker of the tab.
import { indexedDb } from '../src/storage/indexedDb.ts';
import { selfWire } from '../src/wire/port.ts';
import { browserPlatform } from './browserPlatform.ts';
import { createTrainingServer } from './trainingServer.ts';

// The DOM library types `self` as a window; in a Worker its `postMessage` and `close` are a Worker's.
const scope = self as unknown as Parameters<typeof selfWire>[0];

createTrainingServer({ store: indexedDb(), wire: selfWire(scope), platform: browserPlatform });
