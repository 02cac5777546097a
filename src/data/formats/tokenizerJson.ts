// Parses a JSON file of a tokenizer against its fields.
import type { z } from 'zod';
import { LabError } from '../../util/labError.ts';

/** The value in a file's bytes. Throws LabError `tokenizer/json` for what is no JSON in UTF-8, `tokenizer/format` naming the first field that is wrong. */
export function tokenizerJson<Schema extends z.ZodType>(
  file: string,
  bytes: Uint8Array,
  schema: Schema,
): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LabError('tokenizer/json', `${file} is not JSON.`, {
      expected: 'a JSON object in UTF-8',
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  throw new LabError('tokenizer/format', `${file} is not that of a tokenizer this lab can run.`, {
    expected: 'a Hugging Face file with a Unigram or WordPiece model and its vocabulary',
    got: first === undefined ? 'something else' : `at ${first.path.join('.') || 'the top'}: ${first.message}`,
  });
}
