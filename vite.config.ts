// How the lab is built and served.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { isolationHeaders } from './scripts/isolationHeaders.ts';

export default defineConfig({
  // Addresses relative to the page, so that the built lab also works in a sub-folder of a host.
  base: './',
  plugins: [react()],
  build: { target: 'esnext', chunkSizeWarningLimit: 1500 },
  worker: { format: 'es' },
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
});
