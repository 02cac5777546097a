// Builds the lab when its sources are newer than the last build, then serves it on this machine.
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { build, preview } from 'vite';

const root = path.resolve(import.meta.dirname, '..');
const sources = [
  'src',
  'workers',
  'public',
  'scripts',
  'index.html',
  'vite.config.ts',
  'package.json',
  'package-lock.json',
];

/** When the newest file at or under a place was changed; 0 when there is nothing. */
function newestMs(place: string): number {
  if (!existsSync(place)) return 0;
  const stats = statSync(place);
  if (!stats.isDirectory()) return stats.mtimeMs;
  // A folder's own time tells of files removed from it.
  return Math.max(stats.mtimeMs, ...readdirSync(place).map((name) => newestMs(path.join(place, name))));
}

async function main(): Promise<void> {
  const builtMs = newestMs(path.join(root, 'dist', 'index.html'));
  const changedMs = Math.max(...sources.map((source) => newestMs(path.join(root, source))));
  // Hosts named at the start must be in the page's policy, which is built.
  if (builtMs <= changedMs || process.env['LAB_HOSTS'] !== undefined) {
    console.log('Building the lab.');
    await build({ root, logLevel: 'warn' });
  }
  const asked = process.env['PORT'];
  // A port that was asked for is that one or none; otherwise the next free one will do.
  const server = await preview({ root, preview: { port: Number(asked ?? 4173), strictPort: asked !== undefined } });
  console.log(`BioNER Lab is at ${server.resolvedUrls?.local[0] ?? 'an address the server did not tell'}`);
  console.log('Press Ctrl+C to stop.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
