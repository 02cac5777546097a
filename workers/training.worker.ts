// The training server in a Worker of the tab.
import { indexedDb } from '../src/storage/indexedDb.ts';
import { browserPlatform } from './browserPlatform.ts';
import { createTrainingServer } from './trainingServer.ts';
import { selfWire } from './wires.ts';

createTrainingServer({ store: indexedDb(), wire: selfWire(self), platform: browserPlatform });
