// Trains a plan without a browser: the entry point of `npm run headless`.
import { exitWith, nodeSurroundings } from './nodeSurroundings.ts';
import { runHeadless } from './runHeadless.ts';

await exitWith(await runHeadless(process.argv.slice(2), nodeSurroundings()));
