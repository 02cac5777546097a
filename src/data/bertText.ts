// What @huggingface/tokenizers 0.2.0 leaves undone of BERT's normalizer, beside Hugging Face's own in Rust.
import { z } from 'zod';

const normalizerSchema = z.looseObject({
  type: z.literal('BertNormalizer'),
  lowercase: z.boolean(),
  strip_accents: z.boolean().nullable().default(null),
  handle_chinese_chars: z.boolean(),
});

/** What a tokenizer.json says under `normalizer`; null for one of another type. */
export function bertNormalizer(normalizer: unknown): z.infer<typeof normalizerSchema> | null {
  return normalizerSchema.safeParse(normalizer).data ?? null;
}

/** Ideographs of more than 16 bits, as the normalizer knows them. */
const ideographs = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * The text to hand to the library, given its file's normalizer: ideographs that it does not see set apart, and Σ lower-cased letter by
 * letter, where JavaScript would write another sigma at the end of a word. Other normalizers' texts are left as they are.
 */
export function bertText(normalizer: unknown): (text: string) => string {
  const data = bertNormalizer(normalizer);
  if (data === null) return (text) => text;
  return (text) => {
    const apart = data.handle_chinese_chars ? text.replace(ideographs, ' $& ') : text;
    return data.lowercase ? apart.replaceAll('Σ', 'σ') : apart;
  };
}
