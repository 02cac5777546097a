// Everything a user can set about how one run is trained.
import { LABEL_MODES, TAG_SCHEMES } from '../data/corpus/tagScheme.ts';
import * as z from '../util/zod.ts';

const fraction = z.number().check(z.gte(0), z.lt(1));

/** Low-rank adapters (LoRA, Hu et al. 2021): x W + dropout(x) A B alpha / rank, where W stays as pretrained and A and B are trained. */
const adaptersSchema = z.strictObject({
  /** The projections of every layer that have an adapter: those of queries and values, or all linear ones. */
  projections: z.enum(['query-value', 'all-linear']),
  /** Columns of A and rows of B. */
  rank: z._default(z.int().check(z.gte(1), z.lte(256)), 8),
  /** What A B is multiplied by, over the rank. */
  alpha: z._default(z.number().check(z.positive(), z.lte(4096)), 16),
  /** Probability, of what A reads. */
  dropout: z._default(fraction, 0),
});
export type Adapters = z.infer<typeof adaptersSchema>;

export const trainingConfigSchema = z
  .strictObject({
    /** Tags the head predicts. */
    tagScheme: z.enum(TAG_SCHEMES),
    /** Which pieces have a tag: `first` of each token, `all` that of their token, or `x`, by which those that continue a token have X. */
    labelMode: z.enum(LABEL_MODES),
    /** `token`: encodes each token separately, as the released code does; `sentence`: encodes the tokens joined by spaces. */
    encoding: z.enum(['token', 'sentence']),
    /** Whether the text is converted to lower case first. */
    lowerCase: z.boolean(),
    /** `sentence`: a sequence holds one sentence; `packed`: sentences in file order fill a sequence, without separators. */
    layout: z.enum(['sentence', 'packed']),
    /** Longest sequence in pieces, specials included. Longer sentences are split at token boundaries. */
    maxPieces: z.int().check(z.gte(8), z.lte(1024)),
    /**
     * Pieces that close an XLNet sequence: `<sep><cls>` as in Hugging Face, `<sep><sep><cls>` as in the released code; `cls-sep` puts a BERT sequence
     * between `[CLS]` and `[SEP]`; `none` for networks of words.
     */
    specials: z.enum(['sep-cls', 'sep-sep-cls', 'cls-sep', 'none']),
    /** Whether the specials are tagged O and counted in the loss, as the released code does. */
    specialsInLoss: z.boolean(),
    /** What decides the tags: a linear-chain CRF, or each token by itself. */
    head: z.enum(['crf', 'softmax']),
    /** Start and end states of the CRF (paper, eq. 1); the released code has none. Ignored by the softmax head. */
    crfStartEnd: z.boolean(),
    /** Passes over the training sentences. */
    epochs: z.int().check(z.gte(1), z.lte(10_000)),
    /** Stops after this many updates, whatever `epochs` says (the released code's fixed steps); null for whole epochs. */
    steps: z.nullable(z.int().check(z.gte(1))),
    /**
     * How often sequences of each task are drawn in joint training: in proportion to their number (the paper's shuffle), to its square root, or
     * equally often. An epoch always has as many sequences as all tasks together.
     */
    mixing: z.enum(['proportional', 'squareRoot', 'uniform']),
    /** Sequences per update. */
    batchSize: z.int().check(z.gte(1), z.lte(4096)),
    /** Sequences on the device at once; gradients accumulate up to `batchSize`. */
    microBatchSize: z.int().check(z.gte(1), z.lte(4096)),
    /** The peak rate, of the head. */
    learningRate: z.number().check(z.positive(), z.lte(1)),
    /** Linear to 0 over all steps, or constant. */
    decay: z.enum(['linear', 'constant']),
    /** Steps from rate 0 to the peak. */
    warmupSteps: z.int().check(z.gte(0)),
    /**
     * `rate`: layer l of n learns at learningRate * factor^(n - l), the embedding at layer 0's rate, the head at learningRate (paper); `gradient`:
     * clipped gradients of layer l are multiplied by factor^(n - 1 - l), with equal rates (released code); `off`.
     */
    layerDecay: z.strictObject({
      mode: z.enum(['rate', 'gradient', 'off']),
      factor: z.number().check(z.positive(), z.lte(1)),
    }),
    /** The optimizer. */
    adam: z.strictObject({
      beta1: fraction,
      beta2: fraction,
      epsilon: z.number().check(z.positive()),
      /** `standard`: adds epsilon to the bias-corrected root (PyTorch); `hat`: to the uncorrected one (TensorFlow, released code). */
      epsilonForm: z.enum(['standard', 'hat']),
    }),
    /** Largest global norm of the gradient; null for no clipping. */
    clipNorm: z.nullable(z.number().check(z.positive())),
    /** Probabilities: of the encoder's outputs, of attention, and before the head. */
    dropout: z.strictObject({
      encoder: fraction,
      attention: fraction,
      head: fraction,
      /** In networks of words: of whole words, whose vector is then 0. Absent: none. */
      words: z.optional(z.number().check(z.gt(0), z.lt(1))),
      /** In networks of words: all positions of a sequence have the same masks (locked dropout). Absent: each has others. */
      masks: z.optional(z.literal('sequence')),
    }),
    /** Trains on the train split alone, or on train and devel together. */
    trainOn: z.enum(['train', 'train+devel']),
    /**
     * The share of each task's training sentences to train on, drawn with the run's seed: smaller shares are subsets of larger ones
     * (`shareOfSentences`), and a run's parent and its later rounds see the same sentences. Absent: all, as there is no value for that.
     */
    trainShare: z.optional(z.number().check(z.gt(0), z.lt(1))),
    /**
     * Leaves out training sentences whose text occurs in the test split of any task of the run: `exact` ignores case and spaces, `near` also drops
     * near duplicates. Absent: nothing is left out; there is no value for that, which keeps the ids of earlier runs unchanged.
     */
    leaveOut: z.optional(z.enum(['exact', 'near'])),
    /**
     * Trains adapters and the head, the pretrained weights staying as they are; with layer slicing the adapters of shared layers come from the joint
     * training. Absent: every weight is trained.
     */
    adapters: z.optional(adaptersSchema),
    /** Snapshots kept for the test scores: those of the last epochs (the paper keeps five). */
    snapshots: z.int().check(z.gte(1), z.lte(50)),
  })
  .check(
    z.refine((config) => config.microBatchSize <= config.batchSize, {
      path: ['microBatchSize'],
      message: 'microBatchSize must not exceed batchSize',
    }),
  );

export type TrainingConfig = z.infer<typeof trainingConfigSchema>;
