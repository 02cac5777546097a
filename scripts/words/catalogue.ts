// Reads, compares and writes the catalogue of messages and the translations of each language.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messagesOf } from './extract.ts';
import { nounMessage, nounsOf, type MessageKind } from './message.ts';
import type { Sources } from './sources.ts';

/** The files in which each message occurs. */
export type Catalogue = ReadonlyMap<string, readonly string[]>;
/** The translation of each message; empty where there is none yet. */
export type Translations = ReadonlyMap<string, string>;

/** The language of the sources. */
export const SOURCE_LANGUAGE = 'en';

/** Collects the messages of all sources, in alphabetical order by code unit so that it is the same on every machine. */
export function catalogueOf({ files, codes }: Sources): Catalogue {
  const found = new Map<string, Set<string>>();
  for (const [file, source] of files) {
    for (const { text } of messagesOf(source, codes)) found.set(text, (found.get(text) ?? new Set()).add(file));
  }
  return new Map(
    [...found]
      .map(([message, places]) => [message, [...places].toSorted()] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** The file of a language, from the root. */
export function languageFile(language: string): string {
  return `languages/${language}.json`;
}

/** Refuses what cannot be the name of a language in a file and in `<html lang>`. */
export function checkLanguage(language: string): void {
  if (/^[a-z]{2,3}(-[A-Za-z\d]{2,8})*$/.test(language) && language !== SOURCE_LANGUAGE) return;
  throw new Error(`Unusable language: expected a tag of BCP 47 beside en, such as de or pt-BR, got “${language}”.`);
}

/** The committed catalogue as text, empty if there is none. */
export function committedText(root: string): string {
  const file = path.join(root, languageFile(SOURCE_LANGUAGE));
  return existsSync(file) ? readFileSync(file, 'utf8') : '{}';
}

export function jsonText(entries: Iterable<readonly [string, unknown]>): string {
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

/** Lists how a committed catalogue differs from the sources, a line for each message. */
export function differences(catalogue: Catalogue, committed: string): readonly string[] {
  const before = new Map(Object.entries(parsedObject(committed, languageFile(SOURCE_LANGUAGE))));
  const missing = [...catalogue].filter(([message]) => !before.has(message));
  const moved = [...catalogue].filter(([message, files]) => {
    const listed = before.get(message);
    return listed !== undefined && JSON.stringify(listed) !== JSON.stringify(files);
  });
  const stale = [...before.keys()].filter((message) => !catalogue.has(message));
  return [
    ...missing.map(([message, files]) => `missing: “${message}”, in ${files.join(', ')}`),
    ...stale.map((message) => `stale: “${message}”`),
    ...moved.map(([message, files]) => `in other files: “${message}”, now in ${files.join(', ')}`),
  ];
}

/** Reads the translations of a language. Throws Error if the file is missing or has anything but texts. */
export function readTranslations(root: string, language: string): Translations {
  const name = languageFile(language);
  const file = path.join(root, name);
  if (!existsSync(file)) {
    throw new Error(
      `There is no ${name}: expected the translations of ${language}. Create it with: npm run words -- ${language}`,
    );
  }
  return new Map(
    Object.entries(parsedObject(readFileSync(file, 'utf8'), name)).map(([message, translation]) => {
      if (typeof translation === 'string') return [message, translation];
      throw new Error(`${name}: expected a text for “${message}”, got ${JSON.stringify(translation)}.`);
    }),
  );
}

export interface Update {
  readonly translations: Translations;
  readonly translated: number;
  readonly added: number;
  readonly dropped: number;
}

/** Brings translations up to date with the catalogue: those of messages that are no longer used are dropped, new ones are empty. */
export function updatedTranslations(catalogue: Catalogue, before: Translations): Update {
  const translations = new Map([...catalogue.keys()].map((message) => [message, before.get(message) ?? '']));
  return {
    translations,
    translated: [...translations.values()].filter((translation) => translation !== '').length,
    added: [...catalogue.keys()].filter((message) => !before.has(message)).length,
    dropped: [...before.keys()].filter((message) => !catalogue.has(message)).length,
  };
}

/** Translates every message into a language that nobody speaks, whose texts are recognised by their brackets. */
export function pseudoTranslations({ files, codes }: Sources): Translations {
  return new Map(
    [...files.values()].flatMap((source) =>
      messagesOf(source, codes).map(({ text, kind }) => [text, pseudoTranslation(text, kind)] as const),
    ),
  );
}

function pseudoTranslation(text: string, kind: MessageKind): string {
  if (kind !== 'nouns') return `⟦${text}⟧`;
  const [one = '', many = ''] = nounsOf(text);
  return nounMessage(`⟦${one}⟧`, `⟦${many}⟧`);
}

function parsedObject(text: string, name: string): object {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`${name}: expected an object whose members are messages, got ${JSON.stringify(value).slice(0, 80)}.`);
}
