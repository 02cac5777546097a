// Lists pretrained encoders worth a download, with what is known of each before anything is requested from a hub.
import type { NamedBytes } from '../../wire/trainingProtocol.ts';

export interface SuggestedModel {
  readonly repository: string;
  /** What it was pretrained on, and what speaks for it. */
  readonly card: string;
  /** As its repository states it; null where it states none. */
  readonly licence: string | null;
  readonly family: 'xlnet' | 'bert';
  readonly parameterCount: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
}

export const suggestedModels: readonly SuggestedModel[] = [
  {
    repository: 'dmis-lab/biobert-base-cased-v1.2',
    card: 'BERT base trained further on PubMed abstracts; distinguishes case, as names of genes need.',
    licence: null,
    family: 'bert',
    parameterCount: 107_719_680,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 28_996,
  },
  {
    repository: 'microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract',
    card: 'BERT base trained from scratch on PubMed abstracts, with a biomedical vocabulary; ignores case.',
    licence: 'MIT',
    family: 'bert',
    parameterCount: 108_891_648,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 30_522,
  },
  {
    repository: 'google-bert/bert-base-cased',
    card: 'BERT base for English in general: a baseline without biomedical pretraining.',
    licence: 'Apache-2.0',
    family: 'bert',
    parameterCount: 107_719_680,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 28_996,
  },
  {
    repository: 'xlnet/xlnet-base-cased',
    card: 'XLNet base for English in general; the smaller one of the architecture of Chai et al.',
    licence: 'MIT',
    family: 'xlnet',
    parameterCount: 116_717_568,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 32_000,
  },
  {
    repository: 'xlnet/xlnet-large-cased',
    card: 'XLNet large for English in general: the encoder that Chai et al. fine-tuned.',
    licence: 'MIT',
    family: 'xlnet',
    parameterCount: 360_267_776,
    layers: 24,
    hiddenSize: 1024,
    vocabularySize: 32_000,
  },
];

/** Writes the configuration of a suggested model, from which its memory is estimated. */
export function configOfSuggested(model: SuggestedModel): NamedBytes {
  const { family, layers, hiddenSize, vocabularySize } = model;
  const heads = hiddenSize / 64;
  const inner = 4 * hiddenSize;
  const config =
    family === 'bert'
      ? {
          model_type: 'bert',
          hidden_size: hiddenSize,
          num_hidden_layers: layers,
          num_attention_heads: heads,
          intermediate_size: inner,
          hidden_act: 'gelu',
          vocab_size: vocabularySize,
          max_position_embeddings: 512,
          type_vocab_size: 2,
          layer_norm_eps: 1e-12,
        }
      : {
          model_type: 'xlnet',
          d_model: hiddenSize,
          n_layer: layers,
          n_head: heads,
          d_head: 64,
          d_inner: inner,
          ff_activation: 'gelu',
          vocab_size: vocabularySize,
          layer_norm_eps: 1e-12,
          attn_type: 'bi',
          untie_r: true,
        };
  return { name: 'config.json', bytes: new TextEncoder().encode(JSON.stringify(config)) };
}

/** Weights in the layers: those that every token is multiplied with, so without the embeddings. */
export function layerParameters({
  parameterCount,
  vocabularySize,
  hiddenSize,
}: Pick<SuggestedModel, 'parameterCount' | 'vocabularySize' | 'hiddenSize'>): number {
  return parameterCount - vocabularySize * hiddenSize;
}
