// Bundles tag.js, the program that goes with taggers exported as ONNX, from the lab's own tokenizers and decoder.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, mergeConfig, type InlineConfig, type Plugin } from 'vite';

const entry = fileURLToPath(new URL('../src/training/export/onnxProgram.ts', import.meta.url));

const banner = `// Tags tokens with the ONNX model beside it, exactly as BioNER Lab does: node tag.js FOLDER < tokens.conll > tagged.conll
// Apache-2.0, as BioNER Lab. The licences of the libraries in it:
`;

let bundled: Promise<string> | undefined;

/** The text of tag.js: one module without imports but those of Node, which a page never reaches. */
export function bundledTaggerModule(): Promise<string> {
  bundled ??= bundle();
  return bundled;
}

async function bundle(): Promise<string> {
  const { code, moduleIds } = await bundledFile(entry, {
    logLevel: 'silent',
    build: { target: 'es2022', rolldownOptions: { external: [/^node:/, 'onnxruntime-node'] } },
  });
  return `${banner}${noticesOf(packagesOf(moduleIds))}${code}`;
}

/** Folders of the npm packages that modules are of. */
export function packagesOf(moduleIds: readonly string[]): readonly string[] {
  const folders = moduleIds.flatMap((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []);
  return [...new Set(folders)].sort();
}

/** The licence of an npm package by its folder. Throws Error for one without a licence file. */
export function licenceOf(folder: string) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<string, string>; // prettier-ignore
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (file === undefined) throw new Error(`${name} has no licence file.`);
  return { name, version, license, text: readFileSync(path.join(folder, file), 'utf8').trim() };
}

/** The licences of packages as a comment that no minifier removes. Throws Error for one without a licence file. */
export function noticesOf(packages: readonly string[]): string {
  const texts = packages.map(licenceOf).map(({ name, version, text }) => `${name} ${version}\n\n${text}`);
  return texts.length === 0 ? '' : `/*!\n${texts.join('\n\n').replaceAll('*/', '* /')}\n*/\n`;
}

/** Bundles an entry with what it imports into one file; `more` adds to the settings. Throws Error if it becomes several. */
export async function bundledFile(
  file: string,
  more: InlineConfig,
): Promise<{ readonly code: string; readonly moduleIds: readonly string[] }> {
  const usual: InlineConfig = {
    configFile: false,
    publicDir: false,
    build: { write: false, minify: true, lib: { entry: file, formats: ['es'], fileName: 'index' } },
  };
  const outputs = [await build(mergeConfig(usual, more))].flat();
  const chunks = outputs.flatMap((one) => ('output' in one ? one.output : []));
  const [chunk] = chunks;
  if (chunks.length !== 1 || chunk?.type !== 'chunk') {
    throw new Error(`${file} must become one file, but there are ${chunks.map(({ fileName }) => fileName).join(', ')}`);
  }
  return chunk;
}

/** A Vite plugin by which a text can be imported under its name from `virtual:` and a module. */
export function importedText(module: string, name: string, textOf: () => Promise<string>): Plugin {
  const id = `virtual:${module}`;
  const resolved = `\0${id}`;
  return {
    name: module,
    resolveId: (wanted) => (wanted === id ? resolved : null),
    async load(wanted) {
      return wanted === resolved ? `export const ${name} = ${JSON.stringify(await textOf())};` : null;
    },
  };
}

/** A Vite plugin by which the text of tag.js can be imported. */
export const taggerModule = (): Plugin => importedText('tagger-module', 'taggerModule', bundledTaggerModule);
