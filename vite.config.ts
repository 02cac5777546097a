// How the lab is built and served.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { isolationHeaders } from './scripts/isolationHeaders.ts';
import { selfContainedWasmFactory } from './scripts/selfContainedWasmFactory.ts';

export default defineConfig({
  // Addresses relative to the page, so that the built lab also works in a sub-folder of a host.
  base: './',
  plugins: [react()],
  build: { target: 'esnext', chunkSizeWarningLimit: 1500 },
  worker: { format: 'es', plugins: () => [selfContainedWasmFactory()] },
  // The development server bundles dependencies apart from the sources.
  optimizeDeps: { rolldownOptions: { plugins: [selfContainedWasmFactory()] } },
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
});
