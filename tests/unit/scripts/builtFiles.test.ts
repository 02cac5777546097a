// Proves which built files browsers keep for good: those whose names change with their content, and no others.
import { expect, it } from 'vitest';
import { cacheControl } from '../../../scripts/builtFiles.ts';

const forGood = 'public, max-age=31536000, immutable';

it.each([
  ['/assets/index-0EIRdoRi.js', forGood],
  ['/assets/tfjs-backend-wasm-threaded-simd-BLCcuiBu.wasm?x', forGood],
  ['/assets/training.worker-CDoNLX_-.js', forGood],
  ['/assets/plain.js', 'no-cache'],
  ['/', 'no-cache'],
  ['/index.html', 'no-cache'],
  ['/sw.js', 'no-cache'],
  ['/models/xlnet-bio-tiny/model.safetensors', 'no-cache'],
  ['/elsewhere/assets/index-0EIRdoRi.js', 'no-cache'],
])('%s: %s', (address, expected) => {
  expect(cacheControl(address)).toBe(expected);
});
