// Builds the lab when its sources are newer than the last build, and serves it.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { build, preview } from 'vite';

const sources = [
  'src',
  'workers',
  'public',
  'docs',
  'scripts',
  'index.html',
  'vite.config.ts',
  'package.json',
  'package-lock.json',
];

/** Returns when the newest file at or under a path was changed; 0 if there is nothing. */
function newestMs(place: string): number {
  if (!existsSync(place)) return 0;
  const stats = statSync(place);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // A folder's own time reveals removed files.
  return Math.max(stats.mtimeMs, ...readdirSync(place).map((name) => newestMs(path.join(place, name))));
}

/** Resolves when `dist/` under the project's root is up to date with the sources. */
export async function builtLab(root: string): Promise<void> {
  const builtMs = newestMs(path.join(root, 'dist', 'index.html'));
  const changedMs = Math.max(...sources.map((source) => newestMs(path.join(root, source))));
  // Hosts given at start-up must be in the page's policy, which is part of the build.
  if (builtMs > changedMs && process.env['LAB_HOSTS'] === undefined) return;
  console.log('Building the lab.');
  await build({ root, logLevel: 'warn' });
}

/** Serves the built lab until the process ends; a port given by the user is the only choice, otherwise the next free one will do. */
export async function serveLab(port: string | undefined): Promise<void> {
  const root = path.resolve(import.meta.dirname, '..');
  await builtLab(root);
  const server = await preview({ root, preview: { port: Number(port ?? 4173), strictPort: port !== undefined } });
  console.log(`BioNER Lab is at ${server.resolvedUrls?.local[0] ?? 'an address the server did not tell'}`);
  console.log('Press Ctrl+C to stop.');
}
