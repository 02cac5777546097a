// The texts of one split of a corpus as they are stored.
import { z } from 'zod';
import type { DocumentText } from '../data/annotatedDocument.ts';

const place = z.int().min(0);

/** Start and end of each token in turn, since objects would take several times the room. */
const sentenceSchema = z.array(place).refine((places) => places.length % 2 === 0, 'a token has a start and an end');

const documentSchema = z.strictObject({ id: z.string(), text: z.string(), sentences: z.array(sentenceSchema) });

export const storedTextsSchema = z.array(documentSchema);
export type StoredTexts = z.infer<typeof storedTextsSchema>;

/** Texts as they are stored. */
export function storeTexts(texts: readonly DocumentText[]): StoredTexts {
  return texts.map(({ id, text, sentences }) => ({
    id,
    text,
    sentences: sentences.map((tokens) => tokens.flatMap(({ start, end }) => [start, end])),
  }));
}

/** Stored texts as the lab uses them. */
export function unstoreTexts(stored: StoredTexts): DocumentText[] {
  return stored.map(({ id, text, sentences }) => ({
    id,
    text,
    sentences: sentences.map((places) =>
      Array.from({ length: places.length / 2 }, (_, token) => ({
        start: places[2 * token] ?? 0,
        end: places[2 * token + 1] ?? 0,
      })),
    ),
  }));
}
