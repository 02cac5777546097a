// Writes the list of the packages contained in the built lab, with their licences.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { thirdParty } from './thirdParty.ts';

const root = path.resolve(import.meta.dirname, '..');

writeFileSync(path.join(root, 'public', 'THIRD_PARTY.md'), thirdParty(root));
