// A Vite plugin that builds the service worker and gives it the list of the lab's files, or, where none is wanted, one that removes itself.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin, ResolvedConfig } from 'vite';
import type { LabBuild } from '../workers/offlineFiles.ts';
import { READ_SELDOM } from './docsSite.ts';
import type { PageHeaders } from './pageHeaders.ts';

/** Its name never changes: browsers look there for another version. */
const FILE = 'sw.js';
/** Also public, but needed whenever the lab opens. */
const PUBLIC_CODE = /^((corpora|taggers)\/catalogue\.json|manifest\.webmanifest|favicon\.png)$/;
/** Built, but not for browsers of today (wasm without SIMD), or not for the page. */
const NOT_STORED = /(^|\/)(_headers|tfjs-backend-wasm-(?!simd|threaded)[^/]*\.wasm|[^/]*\.map)$/;

/** Takes the place of a service worker that an earlier build had. */
const removesItself = `self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  const { registration } = self;
  event.waitUntil(Promise.all([caches.delete('bioner-lab ' + registration.scope), registration.unregister()]));
});
`;

/** `isWanted`: false for a lab without a service worker. */
export function serviceWorkerFile({ headers }: PageHeaders, isWanted: boolean): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'service-worker-file',
    apply: 'build',
    config: () => ({ define: { 'import.meta.env.VITE_SERVICE_WORKER': JSON.stringify(isWanted ? 'on' : 'off') } }),
    configResolved(resolved) {
      config = resolved;
    },
    buildStart() {
      if (!isWanted) this.emitFile({ type: 'asset', fileName: FILE, source: removesItself });
      else this.emitFile({ type: 'chunk', id: path.join(config.root, 'workers/offline.worker.ts'), fileName: FILE });
    },
    generateBundle: {
      // After everything else, so that the list is complete.
      order: 'post',
      handler(_options, bundle) {
        const service = bundle[FILE];
        if (!isWanted || service?.type !== 'chunk') return;
        if (service.imports.length > 0) throw new Error(`The service worker must be one file, but imports ${service.imports.join(', ')}.`); // prettier-ignore
        const code: Record<string, string> = {};
        const data: Record<string, string> = {};
        for (const [name, file] of Object.entries(bundle)) {
          if (name === FILE || NOT_STORED.test(name)) continue;
          const kind = READ_SELDOM.test(name) ? data : code;
          kind[name] = digestOf(file.type === 'chunk' ? file.code : file.source);
        }
        for (const name of publicFiles(config.publicDir)) {
          (PUBLIC_CODE.test(name) ? code : data)[name] = digestOf(readFileSync(path.join(config.publicDir, name)));
        }
        const version = digestOf(JSON.stringify([code, data, headers]));
        const build: LabBuild = { version, code, data, headers };
        const text = service.code.replace(/(['"`])%LAB_BUILD%\1/, () => JSON.stringify(JSON.stringify(build)));
        if (text === service.code) throw new Error('The service worker has no place for the list of files.');
        service.code = text;
      },
    },
  };
}

function publicFiles(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'));
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
