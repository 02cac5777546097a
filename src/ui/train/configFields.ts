// Describes every setting of a run for the form: label, help in the paper's terms, and kind of control.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { ModelLimits } from '../../lab/plans/presets.ts';

export type FieldControl =
  /** An option without a value leaves the setting absent. */
  | { readonly kind: 'choice'; readonly options: readonly (readonly [value: string, label: string])[] }
  | { readonly kind: 'switch' }
  /** `empty`: what no entry means, and how that is shown; without it there has to be one. */
  | { readonly kind: 'number'; readonly empty?: { readonly value: null | undefined; readonly text: string } };

export interface ConfigField {
  /** Members joined by dots, as in `adam.beta1`. */
  readonly path: string;
  readonly label: string;
  readonly help: string;
  readonly control: FieldControl;
}

export interface ConfigSection {
  readonly id: string;
  readonly title: string;
  readonly fields: readonly ConfigField[];
}

/** What most people change, shown before all others. */
export const FREQUENT_SETTINGS: readonly string[] = ['epochs', 'trainShare', 'batchSize', 'learningRate'];

const number = { kind: 'number' } as const;
const onOff = { kind: 'switch' } as const;

function choice(...options: readonly (readonly [string, string])[]): FieldControl {
  return { kind: 'choice', options };
}

export const configSections: readonly ConfigSection[] = [
  {
    id: 'schedule',
    title: 'Schedule',
    fields: [
      { path: 'epochs', label: 'Epochs', help: 'Passes over the training sentences.', control: number },
      {
        path: 'steps',
        label: 'Steps',
        help: 'Stops after this number of updates regardless of epochs, as the released code does. Empty: whole epochs.',
        control: { kind: 'number', empty: { value: null, text: 'none' } },
      },
      {
        path: 'mixing',
        label: 'Mixing',
        help: 'How often each task is sampled when several are trained together; the paper shuffles all sentences.',
        control: choice(
          ['proportional', 'in proportion to size'],
          ['squareRoot', 'in proportion to the square root of size'],
          ['uniform', 'equally often'],
        ),
      },
      {
        path: 'batchSize',
        label: 'Batch size',
        help: 'Sequences per update.',
        control: number,
      },
      {
        path: 'microBatchSize',
        label: 'Micro-batch size',
        help: 'Sequences processed at once. Gradients accumulate up to the batch size; a smaller value needs less memory.',
        control: number,
      },
      {
        path: 'trainOn',
        label: 'Train on',
        help: 'With devel in training there is no devel score, and the last epoch is selected.',
        control: choice(['train', 'train'], ['train+devel', 'train and devel together']),
      },
      {
        path: 'trainShare',
        label: 'Share of the training sentences',
        help: 'Between 0 and 1, to see how F1 grows with training data. The seed draws it from each task, smaller shares being subsets of larger ones. Empty: all.',
        control: { kind: 'number', empty: { value: undefined, text: 'all' } },
      },
      {
        path: 'leaveOut',
        label: 'Test sentences in training text',
        help: 'A score on test sentences seen in training says little about new text. Sentences that occur in the test split of any task of the run can be left out of training; the run reports their number either way.',
        control: choice(['', 'keep'], ['exact', 'leave out exact copies'], ['near', 'leave out near duplicates too']),
      },
      {
        path: 'snapshots',
        label: 'Snapshots',
        help: 'Number of final epochs whose weights are saved and scored on test. The paper saves five.',
        control: number,
      },
    ],
  },
  {
    id: 'optimizer',
    title: 'Optimizer',
    fields: [
      { path: 'learningRate', label: 'Learning rate', help: 'Peak rate of the head.', control: number },
      {
        path: 'decay',
        label: 'Decay',
        help: 'Linear decays to 0 over all steps.',
        control: choice(['linear', 'linear'], ['constant', 'constant']),
      },
      {
        path: 'warmupSteps',
        label: 'Warm-up steps',
        help: 'Steps from 0 to the peak rate. The paper has none.',
        control: number,
      },
      {
        path: 'layerDecay.mode',
        label: 'Layer-wise decay',
        help: 'The paper lowers the rate from layer to layer; the released code scales the clipped gradients instead, which Adam nearly cancels.',
        control: choice(['rate', 'on the rate (paper)'], ['gradient', 'on gradients (released code)'], ['off', 'off']),
      },
      {
        path: 'layerDecay.factor',
        label: 'Layer factor',
        help: 'Factor from one layer to the layer below.',
        control: number,
      },
      {
        path: 'clipNorm',
        label: 'Clip norm',
        help: 'Maximum global norm of the gradient. Empty: no clipping.',
        control: { kind: 'number', empty: { value: null, text: 'none' } },
      },
      { path: 'adam.beta1', label: 'Adam β₁', help: 'Decay rate of the gradient mean.', control: number },
      { path: 'adam.beta2', label: 'Adam β₂', help: 'Decay rate of the squared gradient mean.', control: number },
      { path: 'adam.epsilon', label: 'Adam ε', help: 'The paper uses 1e-6.', control: number },
      {
        path: 'adam.epsilonForm',
        label: 'Position of ε',
        help: 'Added to the bias-corrected root, as in PyTorch, or to the uncorrected one, as in TensorFlow and the released code.',
        control: choice(['standard', 'standard (PyTorch)'], ['hat', 'epsilon hat (TensorFlow)']),
      },
    ],
  },
  {
    id: 'dropout',
    title: 'Dropout',
    fields: [
      {
        path: 'dropout.encoder',
        label: 'Encoder dropout',
        help: 'Embedding, attention output, feed-forward.',
        control: number,
      },
      { path: 'dropout.attention', label: 'Attention dropout', help: 'Attention probabilities.', control: number },
      { path: 'dropout.head', label: 'Head dropout', help: 'Encoder output before the head.', control: number },
      {
        path: 'dropout.words',
        label: 'Word dropout',
        help: 'Of whole words. Only in networks of words; empty: none.',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
      {
        path: 'dropout.masks',
        label: 'Masks of dropout',
        help: 'One for all words of a sentence is locked dropout. Only in networks of words.',
        control: choice(['', 'another for each word'], ['sequence', 'one for a sentence']),
      },
    ],
  },
  {
    id: 'adapters',
    title: 'Adapters (LoRA)',
    fields: [
      {
        path: 'adapters.projections',
        label: 'Train adapters',
        help: 'Trains small matrices beside the projections of each layer, and the head; the pretrained weights stay as they are. Large models then need far less memory and storage. A learning rate of about 1e-3 suits them.',
        control: choice(
          ['', 'no: train every weight'],
          ['query-value', 'for queries and values'],
          ['all-linear', 'for all linear projections'],
        ),
      },
      {
        path: 'adapters.rank',
        label: 'Rank',
        help: 'Width of an adapter, from 1 to 256. Only with adapters; empty: 8.',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
      {
        path: 'adapters.alpha',
        label: 'Alpha',
        help: 'What an adapter adds is multiplied by alpha over rank. Only with adapters; empty: 16.',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
      {
        path: 'adapters.dropout',
        label: 'Adapter dropout',
        help: 'Of what adapters read. Only with adapters; empty: 0.',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
    ],
  },
  {
    id: 'text',
    title: 'Pieces and sequences',
    fields: [
      {
        path: 'labelMode',
        label: 'Label mode',
        help: 'How pieces are passed to the CRF.',
        control: choice(
          ['x', 'x: label [X] on continuation pieces'],
          ['first', 'first: only first pieces reach the CRF'],
          ['all', 'all: every piece carries its token’s tag'],
        ),
      },
      {
        path: 'tagScheme',
        label: 'Tag scheme',
        help: 'Tag scheme the head predicts; corpora in another scheme are converted.',
        control: choice(['IOB1', 'IOB1'], ['IOB2', 'IOB2'], ['IOBES', 'IOBES']),
      },
      {
        path: 'encoding',
        label: 'Encoding',
        help: 'Each token is encoded separately, as in the released code, or the tokens are joined by spaces.',
        control: choice(['token', 'each token separately'], ['sentence', 'whole sentence']),
      },
      {
        path: 'lowerCase',
        label: 'Lower case',
        help: 'Converts the text to lower case first, as the released code does.',
        control: onOff,
      },
      {
        path: 'layout',
        label: 'Layout',
        help: 'Packed: sentences in file order fill a sequence, without separators.',
        control: choice(['sentence', 'one sentence per sequence'], ['packed', 'packed to length']),
      },
      {
        path: 'maxPieces',
        label: 'Longest sequence',
        help: 'In pieces, including special ones. Longer sentences are split at token boundaries.',
        control: number,
      },
      {
        path: 'specials',
        label: 'Special pieces',
        help: 'Pieces that end a sequence, as in Hugging Face or in the released code.',
        control: choice(
          ['sep-cls', '… <sep> <cls>'],
          ['sep-sep-cls', '… <sep> <sep> <cls>'],
          ['none', 'None'],
          ['cls-sep', '[CLS] … [SEP]'],
        ),
      },
      {
        path: 'specialsInLoss',
        label: 'Specials in the loss',
        help: 'Special pieces are tagged O and included in the loss, as in the released code.',
        control: onOff,
      },
    ],
  },
  {
    id: 'head',
    title: 'Head',
    fields: [
      {
        path: 'head',
        label: 'Head',
        help: 'CRF, or independent tags.',
        control: choice(['crf', 'CRF'], ['softmax', 'softmax']),
      },
      {
        path: 'crfStartEnd',
        label: 'Start and end states',
        help: 'Start and end states of the CRF, as in equation 1 of the paper; the released code has none.',
        control: onOff,
      },
    ],
  },
];

/** Returns the sections for a model: with the specials of its family, and the limit set by its positions. */
export function configSectionsFor(model: ModelLimits | null): readonly ConfigSection[] {
  if (model === null) return configSections;
  return configSections.map((section) => ({
    ...section,
    fields: section.fields.map((field) => fieldFor(field, model)),
  }));
}

/** Returns the sections without the frequent settings, and of these the settings that have every word of a search in their texts. */
export function otherSections(model: ModelLimits | null, search: string): readonly ConfigSection[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const others = configSectionsFor(model).map((section) => ({
    ...section,
    fields: section.fields.filter((field) => {
      const options = field.control.kind === 'choice' ? field.control.options.map(([, label]) => label) : [];
      const text = [section.title, field.path, field.label, field.help, ...options].join(' ').toLowerCase();
      return !FREQUENT_SETTINGS.includes(field.path) && words.every((word) => text.includes(word));
    }),
  }));
  return others.filter(({ fields }) => fields.length > 0);
}

function fieldFor(field: ConfigField, { family, positions }: ModelLimits): ConfigField {
  if (field.path === 'maxPieces' && positions !== undefined) {
    return { ...field, help: `${field.help} This model has ${positions} positions.` };
  }
  if (field.path !== 'specials' || field.control.kind !== 'choice') return field;
  const { specials, name } = factsOf(family);
  const known: readonly string[] = specials;
  return {
    ...field,
    help: specials.length === 1 ? `Pieces around a sequence, as in the pretraining of every ${name}.` : field.help,
    control: { kind: 'choice', options: field.control.options.filter(([option]) => known.includes(option)) },
  };
}

export const configFields: readonly ConfigField[] = configSections.flatMap((section) => section.fields);
