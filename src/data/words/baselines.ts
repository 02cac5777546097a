// The networks of words that the lab makes from nothing: those of the systems the paper compares with, under the lab's own head.
import * as z from '../../util/zod.ts';
import type { Coverage } from './wordVocabulary.ts';

/** The name of a form. */
export const BASELINES = ['ma-hovy', 'lample', 'collabonet', 'crichton', 'hunflair'] as const;
export type BaselineName = (typeof BASELINES)[number];

/** A network as its paper describes it. */
export interface BaselineForm {
  readonly label: string;
  /** What the network is, and its source. */
  readonly description: string;
  /** Members of config.json beside those of the vocabulary. */
  readonly members: Readonly<Record<string, unknown>>;
  /** Width of the vectors of words if none are given. */
  readonly wordSize: number;
  /** Whether vectors of words are trained on, and whether each is scaled to length 1 first. */
  readonly trainsWords: boolean;
  readonly hasUnitLength: boolean;
  /** Language models over characters, and how they are trained where none are given; absent where the network reads none. */
  readonly language?: { readonly size: number; readonly hidden: number; readonly epochs: number };
}

/** Language models over characters that a network is to read: trained here, or those of two files that flair saved. */
export type LanguageChoice =
  | { readonly hidden: number; readonly epochs: number }
  | { readonly files: readonly { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }[] };

/** Of language models that are trained here: their LSTMs are computed step by step. */
export const MOST_LANGUAGE = { hidden: 2048, epochs: 1000 } as const;

export const baselineForms: Readonly<Record<BaselineName, BaselineForm>> = {
  'ma-hovy': {
    label: 'BiLSTM-CRF with a character CNN',
    description:
      'Ma and Hovy 2016: 30 filters over three characters, one LSTM of 200 in each direction. Words have 100 dimensions, or those of your file.',
    members: {
      model_type: 'bilstm',
      characters: { network: 'cnn', size: 30, widths: [3], filters: 30, activation: 'tanh', drops: true },
      lstm_size: 200,
      lstm_layers: 1,
      dense_size: null,
    },
    wordSize: 100,
    trainsWords: true,
    hasUnitLength: false,
  },
  lample: {
    label: 'BiLSTM-CRF with a character LSTM',
    description:
      'Lample et al. 2016: an LSTM of 25 over characters and one of 100 over words in each direction, then a tanh layer of 100. Words have 100 dimensions, or those of your file.',
    members: {
      model_type: 'bilstm',
      characters: { network: 'lstm', size: 25, hidden: 25 },
      lstm_size: 100,
      lstm_layers: 1,
      dense_size: 100,
    },
    wordSize: 100,
    trainsWords: true,
    hasUnitLength: false,
  },
  collabonet: {
    label: 'BiLSTM-CRF of CollaboNet',
    description:
      'Yoon et al. 2019, for the method CollaboNet and its single tasks: 200 filters over each of three, five and seven characters, one LSTM of 300 in each direction. Words have 200 dimensions, or those of your file.',
    members: {
      model_type: 'bilstm',
      characters: { network: 'cnn', size: 30, widths: [3, 5, 7], filters: 200, activation: 'relu' },
      lstm_size: 300,
      lstm_layers: 1,
      dense_size: null,
    },
    wordSize: 200,
    trainsWords: true,
    hasUnitLength: false,
  },
  crichton: {
    label: 'CNN over windows of words',
    description:
      'Crichton et al. 2017: windows of seven words, 100 filters of each of the widths 3, 4 and 5 at every place, a layer of 1,200. Vectors of words have length 1 and are not trained; without a file they are drawn (200 dimensions) and trained.',
    members: {
      model_type: 'window-cnn',
      characters: null,
      margin: 3,
      widths: [3, 4, 5],
      filters: 100,
      dense_size: 1200,
    },
    wordSize: 200,
    trainsWords: false,
    hasUnitLength: true,
  },
  hunflair: {
    label: 'BiLSTM-CRF over character language models',
    description:
      'HunFlair, Weber et al. 2021: language models over characters read each sentence forward and backward; their states are joined with vectors of words, none of which are trained, and mapped to one LSTM of 256 in each direction. Words have the dimensions of your file (fastText in HunFlair), or 100, drawn and trained.',
    members: {
      model_type: 'bilstm',
      characters: null,
      projects: true,
      lstm_size: 256,
      lstm_layers: 1,
      dense_size: null,
    },
    wordSize: 100,
    trainsWords: false,
    hasUnitLength: false,
    language: { size: 100, hidden: 256, epochs: 5 },
  },
};

const shareSchema = z.object({ types: z.number(), tokens: z.number() });
const coverageSchema = z.object({
  all: shareSchema,
  asSpelled: shareSchema,
  otherwiseSpelled: shareSchema,
  composed: shareSchema,
  without: shareSchema,
}) satisfies z.ZodMiniType<Coverage>;

/** What language models a network reads, in a sentence without its full stop. */
export function languageText({
  files,
  hidden,
  layers,
  characters,
  losses,
}: NonNullable<WordsOrigin['language']>): string {
  const size = `${layers} × ${hidden} units each, ${characters} characters`;
  if (files !== undefined) return `Language models over characters from ${files.join(' and ')}: ${size}`;
  const nats = (losses ?? []).map((loss) => loss.toFixed(3));
  return `Language models over characters, trained on the training text: ${size}; ${nats.at(-1) ?? '–'} nats a character after ${nats.length} epochs, ${nats[0] ?? '–'} after the first`;
}

/** What config.json says of where the words are from. */
export const wordsOriginSchema = z.object({
  corpora: z.array(z.string()),
  /** Null where no vectors were given. */
  vectors: z.nullable(
    z.object({
      file: z.string(),
      format: z.string(),
      dimensions: z.number(),
      /** In the file. */
      words: z.number(),
      coverage: coverageSchema,
    }),
  ),
  /** Language models over characters; absent where the network reads none. */
  language: z.optional(
    z.object({
      /** Names of the files they were imported from; absent where they were trained here. */
      files: z.optional(z.array(z.string())),
      hidden: z.number(),
      layers: z.number(),
      characters: z.number(),
      /** Mean cross-entropy of a character after each epoch of training here, in nats. */
      losses: z.optional(z.array(z.number())),
    }),
  ),
});
export type WordsOrigin = z.output<typeof wordsOriginSchema>;
