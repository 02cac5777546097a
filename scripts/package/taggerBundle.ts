// Bundles the tagger alone out of the lab's source: one file of JavaScript, without React and without tfjs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'vite';

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
  const outputs = await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    plugins: [withoutTfjs()],
    build: {
      write: false,
      target: 'es2023',
      minify: true,
      modulePreload: false,
      lib: { entry: path.join(root, entry), formats: ['es'], fileName: 'index' },
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
  const [output] = [outputs].flat();
  const chunks = output !== undefined && 'output' in output ? output.output : [];
  const [chunk, ...others] = chunks;
  if (chunk?.type !== 'chunk' || others.length > 0) throw new Error(`${entry} did not become one file.`);
  const packages = chunk.moduleIds.flatMap((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []);
  return { code: chunk.code, packages: [...new Set(packages)].sort() };
}

const ID = 'virtual:tagger-page';

/** A Vite plugin that gives the lab the program of a page with a tagger as the text `taggerPage` of `virtual:tagger-page`. */
export function taggerPageText(): Plugin {
  return {
    name: 'tagger-page-text',
    resolveId: (id) => (id === ID ? `\0${ID}` : null),
    async load(id) {
      if (id !== `\0${ID}`) return null;
      const { code } = await taggerBundle('page');
      return `export const taggerPage = ${JSON.stringify(code)};`;
    },
  };
}

/** Version of the lab, which is that of the package. */
export function labVersion(): string {
  return (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
