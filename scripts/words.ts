// Writes the catalogue of every text of the interface, checks it, and brings the translations of a language up to date.
//   npm run words [-- --check | LANGUAGE | --pseudo LANGUAGE]
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  catalogueOf,
  checkLanguage,
  committedText,
  differences,
  jsonText,
  languageFile,
  pseudoTranslations,
  readTranslations,
  SOURCE_LANGUAGE,
  updatedTranslations,
} from './words/catalogue.ts';
import { readSources } from './words/sources.ts';

const root = path.resolve(import.meta.dirname, '..');
const { values: options, positionals } = parseArgs({
  options: { check: { type: 'boolean' }, pseudo: { type: 'string' } },
  allowPositionals: true,
});
const [language, ...others] = positionals;
const sources = readSources(root);
const catalogue = catalogueOf(sources);

if (
  [options.check, options.pseudo, language].filter((choice) => choice !== undefined).length > 1 ||
  others.length > 0
) {
  throw new Error('Too many arguments: expected --check, one language, --pseudo with one, or nothing.');
}
if (options.check === true) {
  const lines = differences(catalogue, committedText(root));
  for (const line of lines) console.error(line);
  if (lines.length > 0) {
    console.error(`${languageFile(SOURCE_LANGUAGE)} is not up to date: run npm run words, and read what changed.`);
    process.exitCode = 1;
  }
} else if (options.pseudo !== undefined) {
  checkLanguage(options.pseudo);
  write(options.pseudo, pseudoTranslations(sources));
} else if (language !== undefined) {
  checkLanguage(language);
  const isThere = existsSync(path.join(root, languageFile(language)));
  const { translations, translated, added, dropped } = updatedTranslations(
    catalogue,
    isThere ? readTranslations(root, language) : new Map(),
  );
  write(language, translations);
  console.log(`${translated} of ${translations.size} translated, ${added} new, ${dropped} dropped`);
} else {
  write(SOURCE_LANGUAGE, catalogue);
  console.log(`${catalogue.size} messages in ${sources.files.size} files`);
}

function write(name: string, entries: ReadonlyMap<string, unknown>): void {
  const file = path.join(root, languageFile(name));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, jsonText(entries));
}
