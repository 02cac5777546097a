// A Vite plugin that lets tfjs' threaded wasm start its threads after bundling.
import type { Plugin } from 'vite';

const INNER = 'WasmBackendModuleThreadedSimd = WasmBackendModuleThreadedSimd || {};';

/**
 * tfjs-backend-wasm 4.22 hands its threads the source of its module factory (`factory.toString()`), but that factory reads `_scriptDir` from
 * the scope around it, which the threads do not have ("_scriptDir is not defined"; after minification any name). Declared inside, it is
 * undefined as it is in every Worker. To be removed when a tfjs release passes a script address instead. `npm test` fails if the text
 * this rests on changes, since then the threads do not start.
 */
export function selfContainedWasmFactory(): Plugin {
  return {
    name: 'self-contained-wasm-factory',
    transform: {
      filter: { id: /wasm-out\/tfjs-backend-wasm-threaded-simd\.js$/ },
      handler: (code) => ({ code: code.replace(INNER, `var _scriptDir; ${INNER}`), map: null }),
    },
  };
}
