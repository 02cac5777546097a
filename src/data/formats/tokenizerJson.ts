// Parses a JSON file of a tokenizer against its fields.
import type { z } from 'zod';
import { judge } from '../../util/judge.ts';
import { LabError } from '../../util/labError.ts';
import { parseJson } from '../../util/parseJson.ts';

/** The value in a file's bytes. Throws LabError `tokenizer/json` for what is no JSON in UTF-8, `tokenizer/format` naming the first field that is wrong. */
export function tokenizerJson<Schema extends z.ZodType>(
  file: string,
  bytes: Uint8Array,
  schema: Schema,
): z.output<Schema> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new LabError('tokenizer/json', `${file} is not JSON.`, {
      expected: 'a JSON object in UTF-8',
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const parsed = judge(schema, json);
  if (parsed.isFit) return parsed.data;
  const { place, message } = parsed.fault;
  throw new LabError('tokenizer/format', `${file} is not that of a tokenizer this lab can run.`, {
    expected: 'a Hugging Face file with a Unigram or WordPiece model and its vocabulary',
    got: `at ${place || 'the top'}: ${message}`,
  });
}
