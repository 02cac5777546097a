// The sizes and activations found in every encoder's configuration file.
import * as z from '../../util/zod.ts';
import type { Adapters } from '../../schema/config.ts';
import { LabError } from '../../util/labError.ts';
import { validate } from '../../util/validate.ts';
import { spellValue } from '../../util/wording.ts';

/** Parses the fields of a JSON file. Throws LabError `model/config` naming the first one that is missing or not supported. */
export function configFile<Schema extends z.ZodMiniType>(
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

/** Limits on the sizes in an encoder's configuration file: a corrupt one may state any number. */
export const configSizes = {
  /** Every layer is listed by name before its weights are located. */
  layers: z.int().check(z.gte(1), z.lte(1000)),
  /** Widths, heads, pieces, positions. */
  others: z.int().check(z.gte(1), z.lte(10_000_000)),
};

/** Sizes common to all families; `headSize * heads` is `hiddenSize`. */
export interface EncoderSizes {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly heads: number;
  readonly headSize: number;
  readonly innerSize: number;
  readonly vocabularySize: number;
  readonly activation: Activation;
  readonly layerNormEpsilon: number;
  /** Standard deviation of newly initialised weights. */
  readonly initializerRange: number;
  /** Trained beside the encoder's own weights; absent where there are none, as in every configuration file. */
  readonly adapters?: Adapters;
  /** Numbers of the characters that the network reads beside its pieces; absent where it reads none. */
  readonly characterCount?: number;
}

/** `gelu` with the error function, `gelu_new` with the tanh approximation that the XLNet release trains with, `relu`, or `silu`. */
export const ACTIVATIONS = ['gelu', 'gelu_new', 'relu', 'silu'] as const;
/** Supported activations of feed-forward blocks, under Hugging Face's names. */
export type Activation = (typeof ACTIVATIONS)[number];

/** Other names that transformers has for them. */
const activationAliases: ReadonlyMap<unknown, Activation> = new Map<unknown, Activation>([
  ['gelu_python', 'gelu'],
  ['gelu_pytorch_tanh', 'gelu_new'],
  ['gelu_python_tanh', 'gelu_new'],
  ['gelu_fast', 'gelu_new'],
  ['gelu_accurate', 'gelu_new'],
  ['swish', 'silu'],
]);

/** Parses the name of an activation; one that is not supported is refused with the names that are. */
export const activationSchema = z.pipe(
  z.transform((name) => activationAliases.get(name) ?? name),
  z.enum(ACTIVATIONS),
);
