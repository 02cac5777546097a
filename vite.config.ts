// How the lab is built and served.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { byteRanges } from './scripts/byteRanges.ts';
import { isolationHeaders } from './scripts/isolationHeaders.ts';
import { pageHeaders } from './scripts/pageHeaders.ts';
import { policyInPage } from './scripts/policyInPage.ts';
import { builtFiles } from './scripts/builtFiles.ts';
import { docsSite } from './scripts/docsSite.ts';
import { taggerPageText } from './scripts/package/taggerBundle.ts';
import { serviceWorkerFile } from './scripts/serviceWorkerFile.ts';
import { wasmThreadFiles } from './scripts/wasmThreadFiles.ts';
import { taggerModule } from './workers/bundledModule.ts';

const page = pageHeaders(process.env['LAB_HOSTS']);
const language = process.env['BIONER_LANGUAGE'];
// Imported only where it is used, since it loads the compiler.
const words =
  language === undefined
    ? () => null
    : (await import('./scripts/words/wordsPlugin.ts')).wordsPlugins(import.meta.dirname, language);

export default defineConfig({
  // Addresses relative to the page, so that the built lab also works in a sub-folder of a host.
  base: './',
  plugins: [
    words(),
    react(),
    byteRanges(),
    builtFiles(),
    taggerPageText(),
    policyInPage(page),
    docsSite(page),
    taggerModule(),
    serviceWorkerFile(page, process.env['LAB_SERVICE_WORKER'] !== 'off'),
  ],
  build: {
    target: 'esnext',
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // Libraries of every page, whose file stays the same when only the lab changes, with the setting that must come before any schema.
            {
              name: 'libraries',
              test: /node_modules\/(react|react-dom|scheduler|zod|@noble\/hashes|idb-keyval)\/|util\/zod/,
            },
            { name: 'records', test: /src\/(util|schema|storage|data\/corpus)\//, minShareCount: 2 },
          ],
        },
      },
    },
  },
  worker: { format: 'es', plugins: () => [words(), wasmThreadFiles(), taggerModule()] },
  // The development server bundles dependencies apart from the sources.
  optimizeDeps: { rolldownOptions: { plugins: [wasmThreadFiles()] } },
  server: { headers: isolationHeaders },
  preview: { headers: page.headers },
});
