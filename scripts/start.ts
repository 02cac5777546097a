// Builds the lab when its sources are newer than the last build, then serves it locally.
import path from 'node:path';
import { preview } from 'vite';
import { builtLab } from './builtLab.ts';

const root = path.resolve(import.meta.dirname, '..');

async function main(): Promise<void> {
  await builtLab(root);
  const asked = process.env['PORT'];
  // A port given by the user is the only choice; otherwise the next free one will do.
  const server = await preview({ root, preview: { port: Number(asked ?? 4173), strictPort: asked !== undefined } });
  console.log(`BioNER Lab is at ${server.resolvedUrls?.local[0] ?? 'an address the server did not tell'}`);
  console.log('Press Ctrl+C to stop.');
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
