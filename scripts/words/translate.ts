// Writes a source file with its messages replaced by translations, and refuses those that do not fit.
import type ts from 'typescript';
import type { Codes } from './codes.ts';
import { messagesOf } from './extract.ts';
import { stringSource, templateSource } from './jsxText.ts';
import { nounsOf, partsOf, placeFault, type Message, type Place, type Span, type TextPart } from './message.ts';

/** Returns the translation of a message, or undefined to leave it as it is. */
export type TranslationOf = (message: string) => string | undefined;

/** Returns the code of a file with its messages translated. Throws Error where the places of a translation differ from the message's. */
export function translated(source: ts.SourceFile, codes: Codes, translationOf: TranslationOf): string {
  const messages = messagesOf(source, codes).flatMap((message) => {
    const translation = translationOf(message.text);
    if (translation === undefined) return [];
    const fault = placeFault(message.text, translation, message.kind);
    if (fault === null) return [{ message, translation }];
    throw new Error(
      `${source.fileName}: the translation of “${message.text}” does not fit: ${fault}. Correct it in the file of its language.`,
    );
  });
  return new Translation(source.text, messages).write({ start: 0, end: source.text.length });
}

interface Translated {
  readonly message: Message;
  readonly translation: string;
}

class Translation {
  readonly #code: string;
  /** By where they begin, an outer one before those within it. */
  readonly #messages: readonly Translated[];

  constructor(code: string, messages: readonly Translated[]) {
    this.#code = code;
    this.#messages = messages;
  }

  /** Writes a part of the code, with the messages that are within it. */
  write({ start, end }: Span): string {
    const written: string[] = [];
    let from = start;
    for (const { message, translation } of this.#messages) {
      if (message.span.start < from || message.span.end > end) continue;
      written.push(this.#code.slice(from, message.span.start), this.#replacement(message, translation));
      from = message.span.end;
    }
    written.push(this.#code.slice(from, end));
    return written.join('');
  }

  #replacement(message: Message, translation: string): string {
    const text = `${message.before}${translation}${message.after}`;
    switch (message.kind) {
      case 'children':
        return partsOf(text)
          .map((part) => this.#child(part, message.places))
          .join('');
      case 'attribute':
        return `{${stringSource(text)}}`;
      case 'string':
        return stringSource(text);
      case 'template':
        return `\`${partsOf(text)
          .map((part) => this.#templatePart(part, message.places))
          .join('')}\``;
      case 'nouns':
        return this.#nouns(translation);
    }
  }

  #child(part: TextPart, places: readonly Place[]): string {
    if (part.kind === 'text') return `{${stringSource(part.text)}}`;
    const place = places[part.index];
    if (place === undefined) return '';
    if (place.kind === 'around') return this.write(part.kind === 'open' ? place.opening : place.closing);
    return this.write(place.span);
  }

  #templatePart(part: TextPart, places: readonly Place[]): string {
    if (part.kind === 'text') return templateSource(part.text);
    const place = places[part.index];
    return place?.kind === 'expression' ? `\${${this.write(place.span)}}` : '';
  }

  /** The plural is an argument only where it is not made by adding an s. */
  #nouns(translation: string): string {
    const [one = '', many = ''] = nounsOf(translation);
    return many === `${one}s` ? stringSource(one) : `${stringSource(one)}, ${stringSource(many)}`;
  }
}
