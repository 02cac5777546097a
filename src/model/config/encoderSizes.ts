// The sizes and activations that every encoder's configuration file states.
import { z } from 'zod';
import { LabError } from '../../util/labError.ts';
import { validate } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';

/** The fields of a parsed JSON file. Throws LabError `model/config` naming the first one that is missing or not supported. */
export function configFile<Schema extends z.ZodType>(
  file: string,
  family: string,
  schema: Schema,
  json: unknown,
): z.output<Schema> {
  const parsed = validate(schema, json);
  if (parsed.isFit) return parsed.data;
  const { path, message } = parsed.fault;
  throw new LabError('model/config', `${file} does not describe ${family} this lab can run: ${path || 'file'}.`, {
    expected: message,
    got: path === '' ? typeof json : spellValue((json as Record<string, unknown>)[path]),
  });
}

/** The sizes that a configuration file of an encoder may state: a broken one may state any number. */
export const configSizes = {
  /** Every layer is listed by name before its weights are looked for. */
  layers: z.int().min(1).max(1000),
  /** Widths, heads, pieces, positions. */
  others: z.int().min(1).max(10_000_000),
};

/** What every family has; `headSize * heads` is `hiddenSize`. */
export interface EncoderSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headSize: number;
  readonly innerSize: number;
  readonly vocabularySize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
  /** Standard deviation of newly drawn weights. */
  readonly initializerRange: number;
}

/** `gelu` by the error function, `gelu_new` by the tanh approximation that the XLNet release trains with, or `relu`. */
export const ACTIVATIONS = ['gelu', 'gelu_new', 'relu'] as const;
/** The activations that feed-forward blocks may have, by the names Hugging Face gives them. */
export type Activation = (typeof ACTIVATIONS)[number];
