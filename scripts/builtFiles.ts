// A Vite plugin that compresses the built files, and serves them compressed and with the right time to keep them.
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Connect, Plugin } from 'vite';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html;charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.tsv': 'text/tab-separated-values',
  '.md': 'text/markdown',
  '.svg': 'image/svg+xml',
};
/** Beside each file, best first; static hosts such as nginx and Caddy find them under the same names. */
const encodings = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
] as const;
/** Below it headers weigh more than what is saved. */
const MIN_BYTES = 1024;
/** Up to it the better, slower compression takes less than half a second. */
const MAX_BEST_BYTES = 400_000;

/** Files of this folder have a digest in their names. */
const hashed = /^\/assets\/.+-[\w-]{8}\.\w+$/;

/** Returns how long browsers may keep what is at a path: for good if its name changes with its content, else until the host says otherwise. */
export function cacheControl(address: string): string {
  return hashed.test(address.split(/[?#]/)[0] ?? '') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

export function builtFiles(): Plugin {
  return {
    name: 'built-files',
    writeBundle: ({ dir }) => (dir === undefined ? undefined : compressFolder(dir)),
    configurePreviewServer({ middlewares, config }) {
      const folder = path.resolve(config.root, config.build.outDir);
      const headers = { ...config.preview.headers };
      middlewares.use((request, response, next) => {
        void sendCompressed(folder, headers, request, response, next).catch(next);
      });
    },
  };
}

/** Returns what is written beside a file, by the name of the encoding. */
export async function compressed(content: Uint8Array): Promise<Readonly<Record<'br' | 'gzip', Uint8Array>>> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: content.length <= MAX_BEST_BYTES ? 10 : 9 };
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(content, { params }),
    promisify(gzip)(content, { level: 9 }),
  ]);
  return { br, gzip: zipped };
}

/** Writes the compressed forms of every file that they make smaller. */
async function compressFolder(folder: string): Promise<void> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => path.extname(name) in types);
  await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      const content = await readFile(file);
      if (content.length < MIN_BYTES) return;
      const forms = await compressed(content);
      await Promise.all(encodings.map(({ name, extension }) => writeFile(`${file}${extension}`, forms[name])));
    }),
  );
}

/** Answers with a compressed form where there is one and the browser takes it; ranges and everything else go on to Vite. */
async function sendCompressed(
  folder: string,
  headers: Readonly<Record<string, string | readonly string[] | number | undefined>>,
  request: Parameters<Connect.NextHandleFunction>[0],
  response: Parameters<Connect.NextHandleFunction>[1],
  next: Connect.NextFunction,
): Promise<void> {
  const pathname = decodeURIComponent((request.url ?? '/').split(/[?#]/)[0] ?? '/');
  const writeHead = response.writeHead.bind(response) as (...values: readonly unknown[]) => typeof response;
  // Vite's file server writes the header at the last moment, and allows no file to be kept.
  response.writeHead = (code: number, ...more: readonly unknown[]) => {
    const [given] = more;
    if (code === 200 || code === 206 || code === 304) {
      response.setHeader('Cache-Control', cacheControl(pathname));
      if (given !== null && typeof given === 'object') delete (given as Record<string, unknown>)['Cache-Control'];
    }
    return writeHead(code, ...more);
  };
  const name = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
  const type = types[path.extname(name)];
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const isPlain = request.method === 'GET' || request.method === 'HEAD';
  if (type === undefined || !isPlain || request.headers.range !== undefined) return next();
  const file = path.join(folder, name);
  const encoding = encodings.find((one) => new RegExp(`\\b${one.name}\\b`).test(accepted) && existsSync(file + one.extension)); // prettier-ignore
  if (encoding === undefined || !file.startsWith(folder + path.sep)) return next();
  const { size, mtimeMs } = await stat(file + encoding.extension);
  const tag = `W/"${size}-${Math.trunc(mtimeMs)}-${encoding.name}"`;
  for (const [key, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(key, value as string);
  response.setHeader('ETag', tag);
  response.setHeader('Vary', 'Accept-Encoding');
  if (request.headers['if-none-match'] === tag) {
    response.writeHead(304);
    response.end();
    return;
  }
  response.writeHead(200, { 'Content-Type': type, 'Content-Encoding': encoding.name, 'Content-Length': size });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file + encoding.extension).pipe(response);
}
