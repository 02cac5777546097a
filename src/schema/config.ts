// Everything a person can set about how one run is trained.
import { z } from 'zod';
import { TAG_SCHEMES } from '../data/corpus/tagScheme.ts';
import { LABEL_MODES } from '../data/corpus/tagSet.ts';

const fraction = z.number().min(0).lt(1);

export const trainingConfigSchema = z
  .strictObject({
    /** Tags the head predicts. */
    tagScheme: z.enum(TAG_SCHEMES),
    labelMode: z.enum(LABEL_MODES),
    /** `token`: each token is encoded on its own, as the released code does; `sentence`: the tokens joined by spaces are. */
    encoding: z.enum(['token', 'sentence']),
    lowerCase: z.boolean(),
    /** `sentence`: a sequence holds one sentence; `packed`: sentences in file order fill a sequence, without separators. */
    layout: z.enum(['sentence', 'packed']),
    /** Longest sequence in pieces, specials included. Longer sentences are split at token borders. */
    maxPieces: z.int().min(8).max(1024),
    /** Pieces closing an XLNet's sequence: `<sep><cls>` as Hugging Face, `<sep><sep><cls>` as the released code; `cls-sep` has a BERT's between `[CLS]` and `[SEP]`. */
    specials: z.enum(['sep-cls', 'sep-sep-cls', 'cls-sep']),
    /** Whether the specials are tagged O and counted in the loss, as the released code does. */
    specialsInLoss: z.boolean(),
    head: z.enum(['crf', 'softmax']),
    /** Start and end states of the CRF (paper, eq. 1); the released code has none. Ignored by the softmax head. */
    crfStartEnd: z.boolean(),
    epochs: z.int().min(1).max(10_000),
    /** Stops after so many updates, whatever `epochs` says (the released code's fixed steps); null for whole epochs. */
    steps: z.int().min(1).nullable(),
    /**
     * How often sequences of each task are seen when several are trained together: in proportion to their number (the paper's shuffle),
     * to its square root, or equally often. An epoch has as many sequences as all tasks have together, whatever the mixing.
     */
    mixing: z.enum(['proportional', 'squareRoot', 'uniform']),
    /** Sequences that make one update. */
    batchSize: z.int().min(1).max(4096),
    /** Sequences on the device at once; gradients accumulate up to `batchSize`. */
    microBatchSize: z.int().min(1).max(4096),
    learningRate: z.number().positive().max(1),
    /** Linear to 0 over all steps, or constant. */
    decay: z.enum(['linear', 'constant']),
    warmupSteps: z.int().min(0),
    /**
     * `rate`: layer l of n learns at learningRate * factor^(n - l), the embedding at layer 0's rate, the head at learningRate (paper);
     * `gradient`: clipped gradients of layer l are multiplied by factor^(n - 1 - l), rates are equal (released code); `off`.
     */
    layerDecay: z.strictObject({ mode: z.enum(['rate', 'gradient', 'off']), factor: z.number().positive().max(1) }),
    adam: z.strictObject({
      beta1: fraction,
      beta2: fraction,
      epsilon: z.number().positive(),
      /** `standard`: epsilon beside the bias-corrected root (PyTorch); `hat`: beside the uncorrected one (TensorFlow, released code). */
      epsilonForm: z.enum(['standard', 'hat']),
    }),
    /** Largest global norm of the gradient; null for no clipping. */
    clipNorm: z.number().positive().nullable(),
    dropout: z.strictObject({ encoder: fraction, attention: fraction, head: fraction }),
    /** Train on the train split alone, or on train and devel together. */
    trainOn: z.enum(['train', 'train+devel']),
    /**
     * The share of each task's training sentences that is trained on, drawn by the run's seed: smaller shares lie in larger ones
     * (`shareOfSentences`), and what a run's parent and its later rounds saw is the same. Absent: all, as for `leaveOut`.
     */
    trainShare: z.number().gt(0).lt(1).optional(),
    /**
     * Training sentences whose text stands in the test split of any task of the run are left out: `exact` apart from case and spaces, `near`
     * near duplicates too. Absent: nothing is left out; there is no word for that, so that ids of runs from before stay as they are.
     */
    leaveOut: z.enum(['exact', 'near']).optional(),
    /** Snapshots kept for the test scores: the last so many epochs (the paper keeps five). */
    snapshots: z.int().min(1).max(50),
  })
  .refine((config) => config.microBatchSize <= config.batchSize, {
    path: ['microBatchSize'],
    message: 'microBatchSize must not exceed batchSize',
  });

export type TrainingConfig = z.infer<typeof trainingConfigSchema>;
