// Proves that BERT's config.json is read in the variants found in practice, and that one this lab would run wrongly is refused by its field.
import { describe, expect, it } from 'vitest';
import { bertConfigOfRelease } from '../../../../src/model/families/bert.ts';
import { encoderConfig } from '../../../../src/model/families/encoderConfig.ts';
import { LabError } from '../../../../src/util/labError.ts';

/** BERT-base's original bert_config.json, whose fields are also those of BioBERT's config.json. */
const released = {
  attention_probs_dropout_prob: 0.1,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  hidden_size: 768,
  initializer_range: 0.02,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  num_attention_heads: 12,
  num_hidden_layers: 12,
  type_vocab_size: 2,
  vocab_size: 28996,
};
const base = { ...released, model_type: 'bert', layer_norm_eps: 1e-12, position_embedding_type: 'absolute' };

function refusal(json: unknown): LabError {
  try {
    encoderConfig(json);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('encoderConfig', () => {
  it('reads BERT-base', () => {
    expect(encoderConfig(base)).toEqual({
      family: 'bert',
      layers: 12,
      hiddenSize: 768,
      heads: 12,
      headSize: 64,
      innerSize: 3072,
      vocabularySize: 28996,
      activation: 'gelu',
      layerNormEpsilon: 1e-12,
      initializerRange: 0.02,
      positions: 512,
      segments: 2,
    });
  });

  it('knows a BERT by its fields where model_type is missing, as in the first releases', () => {
    expect(encoderConfig(released)).toEqual(encoderConfig(base));
    expect(encoderConfig(bertConfigOfRelease(released))).toEqual(encoderConfig(base));
  });

  it.each([
    ['gelu_pytorch_tanh', 'gelu_new'],
    ['gelu_fast', 'gelu_new'],
    ['gelu_accurate', 'gelu_new'],
    ['gelu_python', 'gelu'],
    ['swish', 'silu'],
  ])('knows %s as another name of %s', (name, activation) => {
    expect(encoderConfig({ ...base, hidden_act: name }).activation).toBe(activation);
  });

  it.each(['gelu', 'gelu_new', 'relu', 'silu'])('knows the activation %s', (activation) => {
    expect(encoderConfig({ ...base, hidden_act: activation }).activation).toBe(activation);
  });

  it.each([
    ['position_embedding_type', 'relative_key'],
    ['hidden_act', 'quick_gelu'],
    ['is_decoder', true],
    ['num_hidden_layers', 0],
    ['hidden_size', '768'],
    ['max_position_embeddings', null],
    ['layer_norm_eps', 0],
    ['model_type', 'albert'],
    ['model_type', 'distilbert'],
  ])('refuses %s %j by name', (field, value) => {
    const error = refusal({ ...base, [field]: value });
    expect(error.code).toBe('model/config');
    expect(error.message).toContain(field);
    expect(error.got).toBe(JSON.stringify(value));
    expect(error.expected).toBeTruthy();
  });

  it('names the families it knows where another one comes, whatever else the file says', () => {
    expect(refusal({ model_type: 'albert' })).toMatchObject({
      expected: 'xlnet or bert or roberta or electra or modernbert or deberta-v2 or bilstm or window-cnn',
      got: '"albert"',
    });
    expect(refusal({ model_type: 'xlnet' }).message).toContain('XLNet');
  });

  it.each(['num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'vocab_size', 'max_position_embeddings'])(
    'refuses a file without %s by name',
    (field) => {
      const error = refusal({ ...base, [field]: undefined });
      expect(error.code).toBe('model/config');
      expect(error.message).toContain(field);
    },
  );

  it('refuses heads that do not divide the hidden size', () => {
    expect(refusal({ ...base, num_attention_heads: 10 }).got).toContain('hidden_size 768');
  });

  it.each([[null], ['bert'], [12], [[]], [undefined]])('refuses %j, which is no configuration', (json) => {
    expect(refusal(json).code).toBe('model/config');
  });
});
