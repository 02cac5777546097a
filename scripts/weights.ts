// Prints how many bytes each part of a built lab weighs, as it is and compressed; fails if the shell weighs more than it may.
//   npm run weights -- [FOLDER]
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { compressed } from './builtFiles.ts';

/** Compressed bytes of everything that is loaded before the first page can be used, code for training left out. */
const SHELL_BYTES = 150_000;
const dist = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..', 'dist'));

interface Weight {
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

async function weigh(files: Iterable<string>): Promise<Weight> {
  const weights = [...new Set(files)].map(async (file): Promise<Weight> => {
    const content = await readFile(path.join(dist, file));
    const { br, gzip } = await compressed(content);
    return { bytes: content.length, gzip: gzip.length, brotli: br.length };
  });
  const sum = (of: (weight: Weight) => number, all: readonly Weight[]): number => all.reduce((total, one) => total + of(one), 0); // prettier-ignore
  const all = await Promise.all(weights);
  return { bytes: sum((one) => one.bytes, all), gzip: sum((one) => one.gzip, all), brotli: sum((one) => one.brotli, all) }; // prettier-ignore
}

/** Names of files that a built script imports before it runs. */
function staticImports(file: string): readonly string[] {
  const code = readFileSync(path.join(dist, file), 'utf8');
  const found = code.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([\w.-]+\.js)["'`]/g);
  return [...found].map(([, name = '']) => `assets/${name}`);
}

function withImports(entries: Iterable<string>): ReadonlySet<string> {
  const reached = new Set<string>();
  const left = [...entries];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    if (file.endsWith('.js')) left.push(...staticImports(file));
  }
  return reached;
}

const assets = readdirSync(path.join(dist, 'assets')).filter((name) => /\.(js|css|wasm)$/.test(name));
const page = readFileSync(path.join(dist, 'index.html'), 'utf8');
const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, file = '']) => file);
const shell = new Set(['index.html', ...withImports(named)]);
const service = readdirSync(dist).filter((name) => name === 'sw.js');
const called = (name: string): string => name.replace(/-[\w-]{8}(?=\.\w+$)/, '').replace(/\.js$/, '');

const parts: (readonly [string, Iterable<string>])[] = [['shell', shell]];
for (const name of assets.filter((asset) => /^\w+Page-.*\.js$|^PlanForm-/.test(asset))) {
  parts.push([called(name), [...withImports([`assets/${name}`])].filter((file) => !shell.has(file))]);
}
for (const name of assets.filter((asset) => /\.worker-/.test(asset))) {
  parts.push([called(name), withImports([`assets/${name}`])]);
}
for (const name of assets.filter((asset) => asset.endsWith('.wasm'))) parts.push([called(name), [`assets/${name}`]]);
if (service.length > 0) parts.push(['service worker', service]);
parts.push(['all code of the lab', ['index.html', ...service, ...assets.map((name) => `assets/${name}`)]]);

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
console.log('| part, with what it imports | kB | gzip | brotli |\n| --- | ---: | ---: | ---: |');
for (const [name, files] of parts) {
  const { bytes, gzip, brotli } = await weigh(files);
  console.log(`| ${name} | ${[bytes, gzip, brotli].map(kilobytes).join(' | ')} |`);
}
const { brotli } = await weigh(shell);
if (brotli > SHELL_BYTES) {
  console.error(`The shell may weigh ${kilobytes(SHELL_BYTES)} kB compressed, and weighs ${kilobytes(brotli)}.`);
  process.exitCode = 1;
}
