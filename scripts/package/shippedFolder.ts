// Writes the tagger that comes with the lab as a folder such as the lab exports, with the card that has its licence.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { shippedTaggerSchema } from '../../src/schema/taggerFiles.ts';

const publicFolder = path.resolve(import.meta.dirname, '../../public');

/** Returns the names of the files; those of an earlier call are replaced. */
export function writeShippedFolder(folder: string): readonly string[] {
  const text = readFileSync(path.join(publicFolder, 'taggers/catalogue.json'), 'utf8');
  const { name, files } = shippedTaggerSchema.parse(JSON.parse(text));
  const all = [...files, { name: 'README.md', path: `taggers/${name}/README.md` }];
  mkdirSync(folder, { recursive: true });
  for (const { name: file, path: from } of all) copyFileSync(path.join(publicFolder, from), path.join(folder, file));
  return all.map(({ name: file }) => file);
}
