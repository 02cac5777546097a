// A Vite plugin that builds the documentation below `docs/` of the lab, and serves it while the lab is developed.
import path from 'node:path';
import type { Connect, Plugin, ResolvedConfig } from 'vite';
import { buildDocs } from './docs/buildDocs.ts';
import type { PageHeaders } from './pageHeaders.ts';

/** Files that the service worker stores when somebody reads them; the others as soon as the lab is open. */
export const READ_SELDOM = /^docs\/(project|pictures|files)\//;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html;charset=utf-8',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.webp': 'image/webp',
};

export function docsSite(page: PageHeaders): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'docs-site',
    configResolved(resolved) {
      config = resolved;
    },
    generateBundle() {
      const { files, deadLinks } = buildDocs(config.root, page.pagePolicy);
      if (deadLinks.length > 0) this.error(`The documentation has links that lead nowhere: ${deadLinks.join(', ')}`);
      for (const [name, source] of files) this.emitFile({ type: 'asset', fileName: `docs/${name}`, source });
    },
    configureServer({ middlewares }) {
      const serve: Connect.NextHandleFunction = (request, response, next) => {
        const { pathname } = new URL(request.url ?? '/', 'http://localhost');
        const name = pathname.endsWith('/') ? `${pathname.slice(1)}index.html` : pathname.slice(1);
        // As the files are now: a page shows what was just written when it is reloaded.
        const content = buildDocs(config.root, page.pagePolicy).files.get(name);
        if (content === undefined) return next();
        response.setHeader('Content-Type', types[path.extname(name)] ?? 'text/plain;charset=utf-8');
        response.end(content);
      };
      middlewares.use('/docs', serve);
    },
  };
}
