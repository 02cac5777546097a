// A Vite plugin that starts the threads of tfjs' wasm from files of the lab instead of blobs, which the page's policy refuses.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const fromHere = createRequire(import.meta.url);
const binary = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd';

/** The code of tfjs-backend-wasm 4.22 that the two files replace. */
const threadBlob = /const response = wasmWorkerContents\b.*?return URL\.createObjectURL\(blob\);/s;
const factoryBlob =
  /new Blob\(\[`var WasmBackendModuleThreadedSimd = ` \+\s*wasmFactoryThreadedSimd\.toString\(\)\], \{ type: 'text\/javascript' \}\)/;

/**
 * tfjs-backend-wasm 4.22 makes blobs of its threads' script and of the source of its module factory (`factory.toString()`). The
 * built lab has both as files, the factory as in its package; since a bundled factory reads a variable of the enclosing scope,
 * which the threads do not have, development uses that text too. Remove this when a tfjs release accepts URLs instead. Throws if
 * the source it depends on changes, since the threads would not start.
 */
export function wasmThreadFiles(): Plugin {
  return {
    name: 'wasm-thread-files',
    transform: {
      filter: { id: /tfjs-backend-wasm\/dist\/backend_wasm\.js$/ },
      handler(code) {
        if (!threadBlob.test(code) || !factoryBlob.test(code)) {
          throw new Error('tfjs-backend-wasm starts its threads in another way than scripts/wasmThreadFiles.ts knows.');
        }
        // The optimizer of the development server writes no assets, and there is no policy there.
        const isBuilt = this.environment?.mode === 'build';
        const addressOf = (name: string, source: string): string =>
          isBuilt
            ? `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: 'asset', name, source })}`
            : `URL.createObjectURL(new Blob([${JSON.stringify(source)}], { type: 'text/javascript' }))`;
        const thread = addressOf('wasmThread.js', threadSource());
        const factory = addressOf('wasmThreadFactory.js', readFileSync(fromHere.resolve(`${binary}.js`), 'utf8'));
        return {
          code: code.replace(threadBlob, () => `return ${thread};`).replace(factoryBlob, () => factory),
          map: null,
        };
      },
    },
  };
}

/** The package stores the threads' script as a string, in which line ends inside nested strings are no longer escaped. */
function threadSource(): string {
  const { wasmWorkerContents } = fromHere(`${binary}.worker.js`) as { wasmWorkerContents: string };
  return wasmWorkerContents.replaceAll('\n', '\\n');
}
