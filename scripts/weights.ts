// Prints how many bytes each part of the built lab weighs, as it is and compressed; fails if the shell weighs more than it may.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Compressed bytes of everything that is loaded before the first page can be used, code for training left out. */
const SHELL_BYTES = 150_000;
const dist = path.resolve(import.meta.dirname, '..', 'dist');

interface Weight {
  readonly bytes: number;
  readonly gzip: number;
  readonly brotli: number;
}

function weigh(files: Iterable<string>): Weight {
  let [bytes, gzip, brotli] = [0, 0, 0];
  for (const file of new Set(files)) {
    const sizeOf = (extension: string): number => {
      const compressed = path.join(dist, `${file}${extension}`);
      // A small file is served as it is.
      return statSync(existsSync(compressed) ? compressed : path.join(dist, file)).size;
    };
    bytes += sizeOf('');
    gzip += sizeOf('.gz');
    brotli += sizeOf('.br');
  }
  return { bytes, gzip, brotli };
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

const rows: (readonly [string, Weight])[] = [['shell', weigh(shell)]];
for (const name of assets.filter((asset) => /^\w+Page-.*\.js$|^PlanForm-/.test(asset))) {
  const own = [...withImports([`assets/${name}`])].filter((file) => !shell.has(file));
  rows.push([`${name.replace(/-.*/, '')}, with what it imports`, weigh(own)]);
}
for (const name of assets.filter((asset) => /\.worker-/.test(asset))) {
  rows.push([`${name.replace(/-.*/, '')}, with what it imports`, weigh(withImports([`assets/${name}`]))]);
}
for (const name of assets.filter((asset) => asset.endsWith('.wasm'))) {
  rows.push([name.replace(/-[\w-]{8}\.wasm$/, '.wasm'), weigh([`assets/${name}`])]);
}
rows.push(['service worker', weigh(['sw.js'])]);
rows.push(['all code of the lab', weigh(['index.html', 'sw.js', ...assets.map((name) => `assets/${name}`)])]);

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
console.log('| part | kB | gzip | brotli |\n| --- | ---: | ---: | ---: |');
for (const [name, { bytes, gzip, brotli }] of rows) {
  console.log(`| ${name} | ${[bytes, gzip, brotli].map(kilobytes).join(' | ')} |`);
}
const weight = rows[0]?.[1].brotli ?? 0;
if (weight > SHELL_BYTES) {
  console.error(`The shell may weigh ${kilobytes(SHELL_BYTES)} kB compressed, and weighs ${kilobytes(weight)}.`);
  process.exitCode = 1;
}
