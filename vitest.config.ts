// The kinds of test that Vitest runs: unit, numeric and f16 in Node, gpu in a real Chromium.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumFlags } from './scripts/chromiumFlags.ts';
import { findChromium } from './scripts/findChromium.ts';
import { isolationHeaders } from './scripts/isolationHeaders.ts';
import { taggerPageText } from './scripts/package/taggerBundle.ts';
import { wasmThreadFiles } from './scripts/wasmThreadFiles.ts';
import { taggerModule } from './workers/bundledModule.ts';

const executablePath = findChromium();

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [taggerPageText()],
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.{ts,tsx}'],
          environment: 'node',
          setupFiles: ['tests/fixtures/propertySeed.ts'],
          // Modules are imported once a worker: a quarter of the stage's time otherwise goes into importing them for each file.
          isolate: false,
          // A hang must fail; a machine that is busy with other work must not.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'numeric',
          include: ['tests/numeric/**/*.test.ts'],
          environment: 'node',
          setupFiles: ['tests/fixtures/propertySeed.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'f16',
          include: ['tests/f16/**/*.test.ts'],
          environment: 'node',
          setupFiles: ['tests/f16/dawn.ts'],
          // The adapter's loader is not Node: no other process can be started from this one.
          pool: 'threads',
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        server: { headers: isolationHeaders },
        plugins: [taggerPageText(), taggerModule()],
        // Known from the start, or Vite would find them while tests run and reload the page under them.
        optimizeDeps: {
          include: [
            '@bufbuild/protobuf/wire',
            '@noble/hashes/sha2.js',
            '@noble/hashes/utils.js',
            '@tensorflow/tfjs',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-backend-webgpu',
            'react',
            'react-dom/client',
            'react/jsx-dev-runtime',
            'recharts',
            'zod/mini',
          ],
          rolldownOptions: { plugins: [wasmThreadFiles()] },
        },
        test: {
          name: 'gpu',
          include: ['tests/gpu/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { args: [...chromiumFlags], ...(executablePath === undefined ? {} : { executablePath }) },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
