// What is known of each family of encoders without its network: its name, its special tokens, its kind of tokenizer.
import type { FeatureConfig } from './sequences.ts';

export interface FamilyFacts {
  /** As its authors write it. */
  readonly name: string;
  /** In a sentence. */
  readonly article: 'a' | 'an';
  /** Layouts of special tokens that the family was pretrained with, transformers' first. */
  readonly specials: readonly FeatureConfig['specials'][];
  /**
   * Whether a release stores the biases of attention stacked over all layers, so that restoring them for layer slicing covers all layers
   * or none.
   */
  readonly hasStackedBiases: boolean;
  /**
   * The preset made for it, where its pieces are the words of a vocabulary and its weights are drawn from a run's seed: those for
   * pretrained encoders learn too slowly. Absent for pretrained families.
   */
  readonly baseline?: 'recurrent' | 'windows';
  /** Whether taggers of the family can read one another's states, as in CollaboNet; absent where not. */
  readonly collaborates?: true;
}

/** By the `model_type` of config.json. */
export const familyFacts = {
  xlnet: { name: 'XLNet', article: 'an', specials: ['sep-cls', 'sep-sep-cls'], hasStackedBiases: true },
  bert: { name: 'BERT', article: 'a', specials: ['cls-sep'], hasStackedBiases: false },
  roberta: { name: 'RoBERTa', article: 'a', specials: ['cls-sep'], hasStackedBiases: false },
  electra: { name: 'ELECTRA', article: 'an', specials: ['cls-sep'], hasStackedBiases: false },
  modernbert: { name: 'ModernBERT', article: 'a', specials: ['cls-sep'], hasStackedBiases: false },
  'deberta-v2': { name: 'DeBERTa-v3', article: 'a', specials: ['cls-sep'], hasStackedBiases: false },
  bilstm: {
    name: 'BiLSTM',
    article: 'a',
    specials: ['none'],
    hasStackedBiases: false,
    baseline: 'recurrent',
    collaborates: true,
  },
  'window-cnn': { name: 'CNN', article: 'a', specials: ['none'], hasStackedBiases: false, baseline: 'windows' },
} as const satisfies Readonly<Record<string, FamilyFacts>>;

export type FamilyName = keyof typeof familyFacts;

/** Every family that the lab trains. */
export const familyNames = Object.keys(familyFacts) as readonly FamilyName[];

/** Facts of a record's family; records from before any family but XLNet was supported have none. */
export function factsOf(family: FamilyName | undefined): FamilyFacts {
  return familyFacts[family ?? 'xlnet'];
}

export function isFamilyName(type: string): type is FamilyName {
  return Object.hasOwn(familyFacts, type);
}

/** The pretrained families in a sentence: XLNet, BERT and so on. */
export function familyList(): string {
  const names = familyNames
    .map((family) => factsOf(family))
    .flatMap(({ name, baseline }) => (baseline === undefined ? [name] : []));
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}
