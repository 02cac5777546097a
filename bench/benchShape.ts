// The sizes to measure at: by name, by keys, or a name with some keys changed.
import { presets } from '../src/lab/plans/presets.ts';
import type { EncoderConfig } from '../src/model/families/encoderConfig.ts';
import type { TaggerShape } from '../src/model/parameters.ts';
import type { TrainingConfig } from '../src/schema/config.ts';
import { precisionSchema, type Precision } from '../src/schema/machineSettings.ts';

/** A tagger, a batch, and how they are computed. */
export interface BenchShape {
  readonly family: 'xlnet' | 'bert';
  readonly layers: number;
  readonly d: number;
  readonly ff: number;
  readonly heads: number;
  readonly vocabulary: number;
  /** Sequences. */
  readonly batch: number;
  /** Pieces of each sequence, all of them real. */
  readonly length: number;
  readonly tags: number;
  /** Dropout everywhere; stock tfjs draws the mask on the CPU, so 0 is its best case. */
  readonly dropout: number;
  readonly precision: Precision;
  /** Whether layers are recomputed in the backward pass. */
  readonly recompute: boolean;
  /** Whether matrix products are tuned first, as at the start of a run; never on a software adapter. */
  readonly tuned: boolean;
  /** Whether stock tfjs is measured too. */
  readonly stock: boolean;
}

const issue: BenchShape = {
  family: 'xlnet',
  layers: 4,
  d: 128,
  ff: 512,
  heads: 4,
  vocabulary: 8000,
  batch: 8,
  length: 64,
  tags: 9,
  dropout: 0,
  precision: 'f32',
  recompute: false,
  tuned: true,
  stock: true,
};
const base: BenchShape = {
  ...issue,
  layers: 12,
  d: 768,
  ff: 3072,
  heads: 12,
  vocabulary: 32000,
  length: 128,
  stock: false,
};

export const benchShapes = {
  /** The built-in model. */
  issue,
  tiny: { ...issue, layers: 2, d: 32, ff: 64, heads: 2, vocabulary: 100, batch: 2, length: 16, tags: 5 },
  /** XLNet-base; a step of stock tfjs takes 13 GB there. */
  base,
  /** XLNet-large. */
  large: { ...base, layers: 24, d: 1024, ff: 4096, heads: 16, batch: 6, length: 512, recompute: true },
  /** BERT-base, uncased. */
  'bert-base': { ...base, family: 'bert', vocabulary: 30522 },
} as const satisfies Record<string, BenchShape>;

export type BenchShapeName = keyof typeof benchShapes;

/** Reads `NAME`, `key=value,...` or `NAME,key=value,...`, where the default name is `issue`. Throws Error if it cannot. */
export function readBenchShape(text: string): BenchShape {
  const shape: Record<string, number | boolean | string> = { ...issue };
  for (const [at, item] of text.split(',').entries()) {
    const [key = '', value] = item.split('=');
    if (value === undefined) {
      if (at > 0 || !Object.hasOwn(benchShapes, key)) {
        throw new Error(`no shape is called ${key}; shapes: ${Object.keys(benchShapes).join(', ')}`);
      }
      Object.assign(shape, benchShapes[key as BenchShapeName]);
      continue;
    }
    if (!Object.hasOwn(issue, key)) {
      throw new Error(`a shape has no ${key}; it has ${Object.keys(issue).join(', ')}`);
    }
    shape[key] = readValue(key, value);
  }
  const read = shape as unknown as BenchShape;
  if (read.d % read.heads !== 0 || (read.d / read.heads) % 4 !== 0 || read.ff % 4 !== 0) {
    throw new Error(`d ${read.d}, heads ${read.heads}, ff ${read.ff}: the size of a head and ff are multiples of 4`);
  }
  return read;
}

function readValue(key: string, value: string): number | boolean | string {
  const usual = issue[key as keyof BenchShape];
  if (typeof usual === 'boolean') {
    if (value !== 'yes' && value !== 'no') throw new Error(`${key} is yes or no, not ${value}`);
    return value === 'yes';
  }
  if (key === 'family') {
    if (value !== 'xlnet' && value !== 'bert') throw new Error(`family is xlnet or bert, not ${value}`);
    return value;
  }
  if (key === 'precision') {
    if (!precisionSchema.safeParse(value).success) throw new Error(`precision is f32 or mixed, not ${value}`);
    return value;
  }
  const number = Number(value);
  const valid = key === 'dropout' ? number >= 0 && number < 1 : Number.isInteger(number) && number >= 1;
  if (!valid) throw new Error(`${key} cannot be ${value}`);
  return number;
}

/** Describes the shape, as shown in results. */
export function describeBenchShape(shape: BenchShape): string {
  const { family, layers, d, ff, heads, vocabulary, batch, length, tags, dropout, precision, recompute, tuned } = shape;
  const name = Object.entries(benchShapes).find(([, one]) => JSON.stringify(one) === JSON.stringify(shape))?.[0];
  const words = [
    `${name === undefined ? '' : `${name}: `}${layers} layers`,
    ...(family === 'bert' ? ['BERT'] : []),
    `d ${d}`,
    `ff ${ff}`,
    `${heads} heads`,
    `vocabulary ${vocabulary}`,
    `batch ${batch} of ${length}`,
    `${tags} tags`,
    `dropout ${dropout}`,
    precision,
    ...(recompute ? ['layers recomputed'] : []),
    ...(tuned ? [] : ['untuned']),
  ];
  return words.join(', ');
}

/** BERT has the usual number of positions, or more for a longer batch. */
export function taggerOf({ family, layers, d, ff, heads, vocabulary, tags, length }: BenchShape): TaggerShape {
  const sizes = {
    layers,
    hiddenSize: d,
    heads,
    headSize: d / heads,
    innerSize: ff,
    vocabularySize: vocabulary,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    initializerRange: 0.02,
  } as const;
  const encoder: EncoderConfig =
    family === 'bert'
      ? { ...sizes, family, positions: Math.max(512, length), segments: 2 }
      : { ...sizes, family, clampLength: null };
  return { encoder, head: { tagCount: tags, kind: 'crf', startEnd: true } };
}

/** The paper's settings with the shape's dropout. */
export function configOf({ dropout }: BenchShape): TrainingConfig {
  return { ...presets.paper.config, dropout: { encoder: dropout, attention: dropout, head: dropout } };
}
