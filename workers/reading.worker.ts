// Runs the reading server in a Worker of the tab.
import { indexedDb } from '../src/storage/indexedDb.ts';
import { selfWire } from '../src/wire/port.ts';
import { createReadingServer } from './readingServer.ts';

// The DOM library types `self` as a window; in a Worker its `postMessage` and `close` are a Worker's.
const scope = self as unknown as Parameters<typeof selfWire>[0];

createReadingServer({ store: indexedDb(), wire: selfWire(scope) });
