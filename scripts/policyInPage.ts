// A Vite plugin that writes the policy into the built page, and the headers into a file for static hosts.
import type { Plugin } from 'vite';
import { headersFile, type PageHeaders } from './pageHeaders.ts';

export function policyInPage(page: PageHeaders): Plugin {
  return {
    name: 'policy-in-page',
    // The development server runs scripts within the page.
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      // Must come first, since a policy applies to what follows it.
      handler: () => [
        {
          tag: 'meta',
          attrs: { 'http-equiv': 'Content-Security-Policy', content: page.pagePolicy },
          injectTo: 'head-prepend',
        },
      ],
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: '_headers', source: headersFile(page) });
    },
  };
}
