// Parses a configuration file of an encoder against the fields of its family.
import type { z } from 'zod';
import { LabError } from '../util/labError.ts';

/** The fields of a parsed JSON file. Throws LabError `model/config` naming the first one that is missing or not supported. */
export function configFile<Schema extends z.ZodType>(
  file: string,
  family: string,
  schema: Schema,
  json: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problem = parsed.error.issues[0];
  const field = problem?.path.join('.') ?? '';
  throw new LabError('model/config', `${file} does not describe ${family} this lab can run: ${field || 'file'}.`, {
    expected: problem?.message ?? `the configuration of ${family}`,
    got: field === '' ? typeof json : (JSON.stringify((json as Record<string, unknown>)[field]) ?? 'nothing'),
  });
}
