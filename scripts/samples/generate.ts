// Writes the sample corpora to public/corpora.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleCorpora } from './sampleCorpora.ts';

const root = fileURLToPath(new URL('../../public/corpora', import.meta.url));
for (const [path, text] of sampleCorpora()) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
console.log(`Sample corpora written to ${root}.`);
