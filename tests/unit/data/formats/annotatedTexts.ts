// Random texts with mentions for the property tests, and the part of a mention that survives every format.
import fc from 'fast-check';
import type { Sentence } from '../../../../src/data/corpus/corpus.ts';

export interface AnnotatedText {
  readonly text: string;
  /** In order, disjoint or adjacent, none blank. */
  readonly mentions: readonly { readonly type: string; readonly start: number; readonly end: number }[];
}

export interface WithSentences {
  readonly sentences: readonly Sentence[];
}

/** Letters, numbers, marks, joiners, characters of two units, abbreviations, ends of sentences. */
const units = [
  'a',
  'B',
  '7',
  'é',
  'o\u0301',
  '\u200d',
  '-',
  '.',
  '. ',
  ' ',
  'E. coli',
  'Fig. ',
  '? The ',
  '🐦',
  '𝛃',
  '(',
  '½',
];
const breaks = ['\n', '\r\n', '\n\n'];

/** Texts of up to eight mentions; `lines` adds line breaks of both kinds outside mentions. */
export function annotatedTexts(lines: 'lines' | 'one line'): fc.Arbitrary<AnnotatedText> {
  const between = fc.string({ unit: fc.constantFrom(...units, ...(lines === 'lines' ? breaks : [])), maxLength: 6 });
  const inside = fc
    .string({ unit: fc.constantFrom(...units), minLength: 1, maxLength: 5 })
    .filter((one) => /\S/.test(one));
  const type = fc.constantFrom('Disease', 'Herb', 'Multi-part_type');
  const piece = fc.record({ before: between, inside, type });
  return fc.tuple(fc.array(piece, { maxLength: 8 }), between).map(([pieces, after]) => {
    let text = '';
    const mentions: AnnotatedText['mentions'][number][] = [];
    for (const one of pieces) {
      const start = text.length + one.before.length;
      text += one.before + one.inside;
      mentions.push({ type: one.type, start, end: text.length });
    }
    return { text: text + after, mentions };
  });
}

/** Types and visible characters of the mentions, in order, as they were put into the text. */
export function spelledOut({ text, mentions }: AnnotatedText): string[] {
  return mentions.map(({ type, start, end }) => `${type}: ${visible(text.slice(start, end))}`);
}

/** Types and visible characters of the mentions, in order, as they were read. */
export function spelledByTokens(documents: readonly WithSentences[]): string[] {
  return documents.flatMap(({ sentences }) =>
    sentences.flatMap(({ tokens, mentions }) =>
      mentions.map(({ type, start, end }) => `${type}: ${tokens.slice(start, end).join('')}`),
    ),
  );
}

/** All tokens, concatenated. */
export function allTokens(documents: readonly WithSentences[]): string {
  return documents.flatMap(({ sentences }) => sentences.flatMap(({ tokens }) => tokens)).join('');
}

export function visible(text: string): string {
  return text.replace(/\s+/g, '');
}

/** An offset in code points, as Python counts. */
export function inCodePoints(text: string, offset: number): number {
  return Array.from(text.slice(0, offset)).length;
}
