// A Vite plugin that builds the lab in another language: the texts of the sources are replaced by their translations.
import path from 'node:path';
import type { Plugin } from 'vite';
import { checkLanguage, languageFile, readTranslations, type Translations } from './catalogue.ts';
import { parsed } from './extract.ts';
import { isWorded, readSources, type Sources } from './sources.ts';
import { translated } from './translate.ts';

/** Makes the plugins of one build, for the page and for each Worker, which read the sources and the translations once. */
export function wordsPlugins(root: string, language: string): () => Plugin {
  checkLanguage(language);
  const translations = readTranslations(root, language);
  const sources = readSources(root);
  return () => wordsPlugin(root, language, sources, translations);
}

function wordsPlugin(root: string, language: string, { codes }: Sources, translations: Translations): Plugin {
  return {
    name: 'words',
    // Before JSX and types are compiled.
    enforce: 'pre',
    transform(code, id) {
      const file = path.relative(root, id.replace(/\?.*$/, '')).split(path.sep).join('/');
      if (!isWorded(file)) return null;
      try {
        // An empty translation leaves the message in English.
        const translation = translated(parsed(file, code), codes, (message) => translations.get(message) || undefined);
        return { code: translation, map: null };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return this.error(`${languageFile(language)} cannot be used: ${reason}`);
      }
    },
    transformIndexHtml: (html) => html.replace('<html lang="en">', `<html lang="${language}">`),
  };
}
