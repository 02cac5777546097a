// Parses a configuration file of an encoder against the fields of its family.
import type { z } from 'zod';
import { judge } from '../util/judge.ts';
import { LabError } from '../util/labError.ts';
import { spellValue } from '../util/spellValue.ts';

/** The fields of a parsed JSON file. Throws LabError `model/config` naming the first one that is missing or not supported. */
export function configFile<Schema extends z.ZodType>(
  file: string,
  family: string,
  schema: Schema,
  json: unknown,
): z.output<Schema> {
  const parsed = judge(schema, json);
  if (parsed.isFit) return parsed.data;
  const { place, message } = parsed.fault;
  throw new LabError('model/config', `${file} does not describe ${family} this lab can run: ${place || 'file'}.`, {
    expected: message,
    got: place === '' ? typeof json : spellValue((json as Record<string, unknown>)[place]),
  });
}
