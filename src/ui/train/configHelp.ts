// Explains every setting of a run in the paper's terms, and finds settings by words.
import { factsOf } from '../../data/pieces/encoderFacts.ts';
import type { ModelLimits } from '../../lab/plans/presets.ts';
import { configSections, FREQUENT_SETTINGS, type ConfigField, type ConfigSection } from './configFields.ts';

export interface ExplainedField extends ConfigField {
  readonly help: string;
}

export interface ExplainedSection extends ConfigSection {
  readonly fields: readonly ExplainedField[];
}

/** Help by the path of a setting. */
const configHelp: Readonly<Record<string, string>> = {
  epochs: 'Passes over the training sentences.',
  steps: 'Stops after this number of updates regardless of epochs, as the released code does. Empty: whole epochs.',
  mixing: 'How often each task is sampled when several are trained together; the paper shuffles all sentences.',
  batchSize: 'Sequences per update.',
  microBatchSize:
    'Sequences processed at once. Gradients accumulate up to the batch size; a smaller value needs less memory.',
  trainOn: 'With devel in training there is no devel score, and the last epoch is selected.',
  trainShare:
    'Between 0 and 1, to see how F1 grows with training data. The seed draws it from each task, smaller shares being subsets of larger ones. Empty: all.',
  leaveOut:
    'A score on test sentences seen in training says little about new text. Sentences that occur in the test split of any task of the run can be left out of training; the run reports their number either way.',
  snapshots: 'Number of final epochs whose weights are saved and scored on test. The paper saves five.',
  learningRate: 'Peak rate of the head.',
  decay: 'Linear decays to 0 over all steps.',
  warmupSteps: 'Steps from 0 to the peak rate. The paper has none.',
  'layerDecay.mode':
    'The paper lowers the rate from layer to layer; the released code scales the clipped gradients instead, which Adam nearly cancels.',
  'layerDecay.factor': 'Factor from one layer to the layer below.',
  clipNorm: 'Maximum global norm of the gradient. Empty: no clipping.',
  'adam.beta1': 'Decay rate of the gradient mean.',
  'adam.beta2': 'Decay rate of the squared gradient mean.',
  'adam.epsilon': 'The paper uses 1e-6.',
  'adam.epsilonForm':
    'Added to the bias-corrected root, as in PyTorch, or to the uncorrected one, as in TensorFlow and the released code.',
  'dropout.encoder': 'Embedding, attention output, feed-forward.',
  'dropout.attention': 'Attention probabilities.',
  'dropout.head': 'Encoder output before the head.',
  'dropout.words': 'Of whole words. Only in networks of words; empty: none.',
  'dropout.masks': 'One for all words of a sentence is locked dropout. Only in networks of words.',
  'adapters.projections':
    'Trains small matrices beside the projections of each layer, and the head; the pretrained weights stay as they are. Large models then need far less memory and storage. A learning rate of about 1e-3 suits them.',
  'adapters.rank': 'Width of an adapter, from 1 to 256. Only with adapters; empty: 8.',
  'adapters.alpha': 'What an adapter adds is multiplied by alpha over rank. Only with adapters; empty: 16.',
  'adapters.dropout': 'Of what adapters read. Only with adapters; empty: 0.',
  labelMode: 'How pieces are passed to the CRF.',
  tagScheme: 'Tag scheme the head predicts; corpora in another scheme are converted.',
  encoding: 'Each token is encoded separately, as in the released code, or the tokens are joined by spaces.',
  lowerCase: 'Converts the text to lower case first, as the released code does.',
  layout: 'Packed: sentences in file order fill a sequence, without separators.',
  maxPieces: 'In pieces, including special ones. Longer sentences are split at token boundaries.',
  specials: 'Pieces that end a sequence, as in Hugging Face or in the released code.',
  specialsInLoss: 'Special pieces are tagged O and included in the loss, as in the released code.',
  head: 'CRF, or independent tags.',
  crfStartEnd: 'Start and end states of the CRF, as in equation 1 of the paper; the released code has none.',
};

const explainedSections: readonly ExplainedSection[] = configSections.map((section) => ({
  ...section,
  fields: section.fields.map((field) => ({ ...field, help: configHelp[field.path] ?? '' })),
}));

/** Returns the sections for a model: with the specials of its family, and the limit set by its positions. */
export function configSectionsFor(model: ModelLimits | null): readonly ExplainedSection[] {
  if (model === null) return explainedSections;
  return explainedSections.map((section) => ({
    ...section,
    fields: section.fields.map((field) => fieldFor(field, model)),
  }));
}

/** Returns the sections without the frequent settings, and of these the settings that have every word of a search in their texts. */
export function otherSections(model: ModelLimits | null, search: string): readonly ExplainedSection[] {
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

function fieldFor(field: ExplainedField, { family, positions }: ModelLimits): ExplainedField {
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
