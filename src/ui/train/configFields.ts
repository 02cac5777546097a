// Describes every setting of a run: label and kind of control. The help is in `ConfigForm.tsx`, which loads with the form.
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
      { path: 'epochs', label: 'Epochs', control: number },
      {
        path: 'steps',
        label: 'Steps',
        control: { kind: 'number', empty: { value: null, text: 'none' } },
      },
      {
        path: 'mixing',
        label: 'Mixing',
        control: choice(
          ['proportional', 'in proportion to size'],
          ['squareRoot', 'in proportion to the square root of size'],
          ['uniform', 'equally often'],
        ),
      },
      {
        path: 'batchSize',
        label: 'Batch size',
        control: number,
      },
      {
        path: 'microBatchSize',
        label: 'Micro-batch size',
        control: number,
      },
      {
        path: 'trainOn',
        label: 'Train on',
        control: choice(['train', 'train'], ['train+devel', 'train and devel together']),
      },
      {
        path: 'trainShare',
        label: 'Share of the training sentences',
        control: { kind: 'number', empty: { value: undefined, text: 'all' } },
      },
      {
        path: 'leaveOut',
        label: 'Test sentences in training text',
        control: choice(['', 'keep'], ['exact', 'leave out exact copies'], ['near', 'leave out near duplicates too']),
      },
      {
        path: 'snapshots',
        label: 'Snapshots',
        control: number,
      },
    ],
  },
  {
    id: 'optimizer',
    title: 'Optimizer',
    fields: [
      { path: 'learningRate', label: 'Learning rate', control: number },
      {
        path: 'decay',
        label: 'Decay',
        control: choice(['linear', 'linear'], ['constant', 'constant']),
      },
      {
        path: 'warmupSteps',
        label: 'Warm-up steps',
        control: number,
      },
      {
        path: 'layerDecay.mode',
        label: 'Layer-wise decay',
        control: choice(['rate', 'on the rate (paper)'], ['gradient', 'on gradients (released code)'], ['off', 'off']),
      },
      {
        path: 'layerDecay.factor',
        label: 'Layer factor',
        control: number,
      },
      {
        path: 'clipNorm',
        label: 'Clip norm',
        control: { kind: 'number', empty: { value: null, text: 'none' } },
      },
      { path: 'adam.beta1', label: 'Adam β₁', control: number },
      { path: 'adam.beta2', label: 'Adam β₂', control: number },
      { path: 'adam.epsilon', label: 'Adam ε', control: number },
      {
        path: 'adam.epsilonForm',
        label: 'Position of ε',
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
        control: number,
      },
      { path: 'dropout.attention', label: 'Attention dropout', control: number },
      { path: 'dropout.head', label: 'Head dropout', control: number },
      {
        path: 'dropout.words',
        label: 'Word dropout',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
      {
        path: 'dropout.masks',
        label: 'Masks of dropout',
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
        control: choice(
          ['', 'no: train every weight'],
          ['query-value', 'for queries and values'],
          ['all-linear', 'for all linear projections'],
        ),
      },
      {
        path: 'adapters.rank',
        label: 'Rank',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
      {
        path: 'adapters.alpha',
        label: 'Alpha',
        control: { kind: 'number', empty: { value: undefined, text: 'none' } },
      },
      {
        path: 'adapters.dropout',
        label: 'Adapter dropout',
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
        control: choice(
          ['x', 'x: label [X] on continuation pieces'],
          ['first', 'first: only first pieces reach the CRF'],
          ['all', 'all: every piece carries its token’s tag'],
        ),
      },
      {
        path: 'tagScheme',
        label: 'Tag scheme',
        control: choice(['IOB1', 'IOB1'], ['IOB2', 'IOB2'], ['IOBES', 'IOBES']),
      },
      {
        path: 'encoding',
        label: 'Encoding',
        control: choice(['token', 'each token separately'], ['sentence', 'whole sentence']),
      },
      {
        path: 'lowerCase',
        label: 'Lower case',
        control: onOff,
      },
      {
        path: 'layout',
        label: 'Layout',
        control: choice(['sentence', 'one sentence per sequence'], ['packed', 'packed to length']),
      },
      {
        path: 'maxPieces',
        label: 'Longest sequence',
        control: number,
      },
      {
        path: 'specials',
        label: 'Special pieces',
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
        control: choice(['crf', 'CRF'], ['softmax', 'softmax']),
      },
      {
        path: 'crfStartEnd',
        label: 'Start and end states',
        control: onOff,
      },
    ],
  },
];

export const configFields: readonly ConfigField[] = configSections.flatMap((section) => section.fields);
