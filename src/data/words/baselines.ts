// The networks of words that the lab makes from nothing: those of the systems the paper compares with, under the lab's own head.
import * as z from '../../util/zod.ts';
import type { Coverage } from './wordVocabulary.ts';

/** The name of a form. */
export const BASELINES = ['ma-hovy', 'lample', 'collabonet', 'crichton'] as const;
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
}

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
    label: 'BiLSTM-CRF of CollaboNet’s single tasks',
    description:
      'Yoon et al. 2019, before tasks collaborate: 200 filters over each of three, five and seven characters, one LSTM of 300 in each direction. Words have 200 dimensions, or those of your file.',
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
};

const shareSchema = z.object({ types: z.number(), tokens: z.number() });
const coverageSchema = z.object({
  all: shareSchema,
  asSpelled: shareSchema,
  otherwiseSpelled: shareSchema,
  composed: shareSchema,
  without: shareSchema,
}) satisfies z.ZodMiniType<Coverage>;

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
});
export type WordsOrigin = z.output<typeof wordsOriginSchema>;
