// How the lab is built and served.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { byteRanges } from './scripts/byteRanges.ts';
import { isolationHeaders } from './scripts/isolationHeaders.ts';
import { pageHeaders } from './scripts/pageHeaders.ts';
import { policyInPage } from './scripts/policyInPage.ts';
import { wasmThreadFiles } from './scripts/wasmThreadFiles.ts';

const page = pageHeaders(process.env['LAB_HOSTS']);

export default defineConfig({
  // Addresses relative to the page, so that the built lab also works in a sub-folder of a host.
  base: './',
  plugins: [react(), byteRanges(), policyInPage(page)],
  build: { target: 'esnext', chunkSizeWarningLimit: 1500 },
  worker: { format: 'es', plugins: () => [wasmThreadFiles()] },
  // The development server bundles dependencies apart from the sources.
  optimizeDeps: { rolldownOptions: { plugins: [wasmThreadFiles()] } },
  server: { headers: isolationHeaders },
  preview: { headers: page.headers },
});
