// Lists pretrained encoders worth a download, with what is known of each before any request, and makes networks of words from nothing.
import type { FamilyName } from '../../data/pieces/encoderFacts.ts';
import { baselineForms, type BaselineName } from '../../data/words/baselines.ts';
import type { BaselineMade, BaselineRequest, NamedBytes, ServerClient } from '../../wire/trainingProtocol.ts';
import { phaseProgress, withoutItem, type LabStore } from '../state/labStore.ts';
import { insertModel } from './models.ts';

export interface SuggestedModel {
  readonly repository: string;
  /** What it was pretrained on, and what speaks for it. */
  readonly card: string;
  /** As its repository states it; null where it states none. */
  readonly licence: string | null;
  readonly family: FamilyName;
  readonly parameterCount: number;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** Members of its config.json that do not follow from these. */
  readonly config: Readonly<Record<string, unknown>>;
}

const bertConfig = { max_position_embeddings: 512, type_vocab_size: 2, layer_norm_eps: 1e-12 } as const;

const robertaConfig = {
  max_position_embeddings: 514,
  type_vocab_size: 1,
  pad_token_id: 1,
  layer_norm_eps: 1e-5,
} as const;

const electraConfig = { ...bertConfig, embedding_size: 768 } as const;

const modernbertConfig = { intermediate_size: 1152, local_attention: 128, global_attn_every_n_layers: 3 } as const;

const debertaConfig = {
  relative_attention: true,
  pos_att_type: 'p2c|c2p',
  position_biased_input: false,
  share_att_key: true,
  norm_rel_ebd: 'layer_norm',
  position_buckets: 256,
  type_vocab_size: 0,
} as const;

const xlnetConfig = { d_head: 64, layer_norm_eps: 1e-12, attn_type: 'bi', untie_r: true } as const;

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
    config: bertConfig,
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
    config: bertConfig,
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
    config: bertConfig,
  },
  {
    repository: 'FacebookAI/roberta-base',
    card: 'RoBERTa base for English in general: BERT’s network, trained longer on more text; distinguishes case.',
    licence: 'MIT',
    family: 'roberta',
    parameterCount: 124_055_040,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 50_265,
    config: robertaConfig,
  },
  {
    repository: 'google/electra-base-discriminator',
    card: 'ELECTRA base for English in general: BERT’s network, trained to find replaced words; ignores case.',
    licence: 'Apache-2.0',
    family: 'electra',
    parameterCount: 108_891_648,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 30_522,
    config: electraConfig,
  },
  {
    repository: 'answerdotai/ModernBERT-base',
    card: 'ModernBERT base for English in general and code: rotary positions, and local attention in two of three layers.',
    licence: 'Apache-2.0',
    family: 'modernbert',
    parameterCount: 149_014_272,
    layers: 22,
    hiddenSize: 768,
    vocabularySize: 50_368,
    config: modernbertConfig,
  },
  {
    repository: 'microsoft/deberta-v3-base',
    card: 'DeBERTa-v3 base for English in general: attention to contents and distances apart, and a large vocabulary.',
    licence: 'MIT',
    family: 'deberta-v2',
    parameterCount: 183_831_552,
    layers: 12,
    hiddenSize: 768,
    vocabularySize: 128_100,
    config: debertaConfig,
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
    config: xlnetConfig,
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
    config: xlnetConfig,
  },
];

/** Writes the configuration of a suggested model, from which its memory is estimated: each size under both names it has in transformers. */
export function configOfSuggested(model: SuggestedModel): NamedBytes {
  const { family, layers, hiddenSize, vocabularySize } = model;
  const heads = hiddenSize / 64;
  const inner = 4 * hiddenSize;
  const config = {
    model_type: family,
    ...{ hidden_size: hiddenSize, d_model: hiddenSize },
    ...{ num_hidden_layers: layers, n_layer: layers },
    ...{ num_attention_heads: heads, n_head: heads },
    ...{ intermediate_size: inner, d_inner: inner },
    ...{ hidden_act: 'gelu', ff_activation: 'gelu' },
    vocab_size: vocabularySize,
    ...model.config,
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

// Makes a network of words as a cancellable job, and puts the model into the library.

/** First words of a file of vectors that a network has unless a person chooses otherwise: for other text than its corpora'. */
export const FIRST_WORDS = 20_000;

export const MOST_FIRST_WORDS = 1_000_000;

/** Returns a name that says what the network is made of. */
export function baselineName(
  form: BaselineName,
  corpora: readonly { readonly name: string }[],
  vectors: string | null,
): string {
  const [only] = corpora;
  const text = corpora.length === 1 && only !== undefined ? only.name : `${corpora.length} corpora`;
  return `${baselineForms[form].label}, ${text}${vectors === null ? '' : `, ${vectors}`}`;
}

/** Implements `Lab.makeBaseline`. */
export function newBaseline(
  request: Omit<BaselineRequest, 'id'>,
  { client, labStore }: { readonly client: ServerClient; readonly labStore: LabStore },
): Promise<BaselineMade | null> {
  const id = `baseline-${++lastNumber}`;
  const { vectors } = request;
  const label = vectors === null ? `Making ${baselineForms[request.form].label}` : `Reading ${vectors.name}`;
  const work: Parameters<typeof labStore.during<BaselineMade | null>>[1] = async ({ report, signal }) => {
    const onProgress = phaseProgress(report);
    onProgress({ phase: label, done: 0, of: vectors?.sizeBytes ?? 0 });
    const stopListening = client.onEvent((event) => {
      if (event.kind !== 'predicting' || event.runId !== id) return;
      onProgress({ ...event, phase: event.phase === 'reading vectors' ? label : 'Training language models' });
    });
    // A lost server has stopped already.
    signal.addEventListener(
      'abort',
      () => void client.call('interrupt', { runId: id, how: 'stop' }).catch(() => undefined),
    );
    try {
      const streams = vectors?.bytes instanceof ReadableStream ? [vectors.bytes] : [];
      const made = await client.call('makeBaseline', { ...request, id }, streams);
      if (made === null) return null;
      const { record } = made;
      labStore.update(({ models, unreadable }) => ({
        models: insertModel(models, record),
        unreadable: withoutItem(unreadable, 'model', record.id),
      }));
      return made;
    } finally {
      stopListening();
    }
  };
  return labStore.during(label, work, { cancellable: true });
}

let lastNumber = 0;
