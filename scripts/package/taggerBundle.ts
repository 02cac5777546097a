// Bundles the tagger alone out of the lab's source: one file of JavaScript, without React and without tfjs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';
import { bundledFile, importedText, noticesOf, packagesOf } from '../../workers/bundledModule.ts';

const root = path.resolve(import.meta.dirname, '../..');

export const TAGGER_ENTRIES = { package: 'src/tagger/bionerTagger.ts', page: 'src/tagger/taggerPage.ts' } as const;

export interface TaggerBundle {
  readonly code: string;
  /** Folders of the npm packages whose code is in it. */
  readonly packages: readonly string[];
}

const NO_TFJS = '\0no-tfjs';

/**
 * Leaves tfjs out: the plain network is its only user, and the tagger refuses what the engine does not compute before it gets there. What of
 * tfjs is named in unused code becomes undefined.
 */
function withoutTfjs(): Plugin {
  return {
    name: 'without-tfjs',
    enforce: 'pre',
    resolveId: (id) => (id.startsWith('@tensorflow/') ? NO_TFJS : null),
    load: (id) => (id === NO_TFJS ? 'export {};' : null),
  };
}

/** zod is set up by a file that nothing is imported from by name. */
const hasEffects = (id: string): boolean =>
  id.endsWith('src/util/zod.ts') || TAGGER_FILES.some((file) => id.endsWith(file));
const TAGGER_FILES: readonly string[] = Object.values(TAGGER_ENTRIES);

const bundles = new Map<string, Promise<TaggerBundle>>();

/** Bundles an entry, once a process. */
export function taggerBundle(entry: keyof typeof TAGGER_ENTRIES): Promise<TaggerBundle> {
  const known = bundles.get(entry) ?? bundled(TAGGER_ENTRIES[entry]);
  bundles.set(entry, known);
  return known;
}

async function bundled(entry: string): Promise<TaggerBundle> {
  const { code, moduleIds } = await bundledFile(path.join(root, entry), {
    root,
    logLevel: 'error',
    plugins: [withoutTfjs()],
    build: {
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: {
        external: /^node:/,
        treeshake: { moduleSideEffects: hasEffects },
        // Vite leaves white space in libraries.
        output: { codeSplitting: false, minify: true },
        onwarn: (warning, warn) => {
          // What the plain network names of tfjs.
          if (warning.code !== 'IMPORT_IS_UNDEFINED' && warning.code !== 'MISSING_EXPORT') warn(warning);
        },
      },
    },
  });
  return { code, packages: packagesOf(moduleIds) };
}

/** The program of a page with a tagger, below the licences of the libraries in it. */
export async function pageProgram(): Promise<string> {
  const { code, packages } = await taggerBundle('page');
  return `/*! BioNER Lab ${labVersion()} | Apache-2.0 | The licences of the libraries in this program: */\n${noticesOf(packages)}${code}`;
}

/** A Vite plugin that gives the lab the program of a page with a tagger as the text `taggerPage` of `virtual:tagger-page`. */
export const taggerPageText = (): Plugin => importedText('tagger-page', 'taggerPage', pageProgram);

/** Version of the lab, which is that of the package. */
export function labVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
