// Proves that config.json files of Hugging Face's XLNet are read, and that each one this lab would run wrongly is refused by its field.
import { describe, expect, it } from 'vitest';
import { xlnetConfig, xlnetConfigOfRelease } from '../../../../src/model/families/xlnet.ts';
import { LabError } from '../../../../src/util/labError.ts';

/** The members of xlnet-base-cased's published config.json that describe the network. */
const base = {
  architectures: ['XLNetLMHeadModel'],
  attn_type: 'bi',
  bi_data: false,
  clamp_len: -1,
  d_head: 64,
  d_inner: 3072,
  d_model: 768,
  dropout: 0.1,
  ff_activation: 'gelu',
  initializer_range: 0.02,
  layer_norm_eps: 1e-12,
  mem_len: null,
  model_type: 'xlnet',
  n_head: 12,
  n_layer: 12,
  untie_r: true,
  vocab_size: 32000,
};

function refusal(json: unknown): LabError {
  try {
    xlnetConfig(json);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('xlnetConfig', () => {
  it('reads xlnet-base-cased', () => {
    expect(xlnetConfig(base)).toEqual({
      family: 'xlnet',
      layers: 12,
      hiddenSize: 768,
      heads: 12,
      headSize: 64,
      innerSize: 3072,
      vocabularySize: 32000,
      activation: 'gelu',
      layerNormEpsilon: 1e-12,
      clampLength: null,
      initializerRange: 0.02,
    });
  });

  it('takes the defaults of transformers for what is left out', () => {
    const { model_type, d_model, n_layer, n_head, d_inner, vocab_size, ff_activation } = base;
    const short = { model_type, d_model, n_layer, n_head, d_inner, vocab_size, ff_activation };
    expect(xlnetConfig(short)).toEqual(xlnetConfig(base));
  });

  it('limits distances only where clamp_len says so', () => {
    expect(xlnetConfig({ ...base, clamp_len: 400 }).clampLength).toBe(400);
    expect(xlnetConfig({ ...base, clamp_len: 0 }).clampLength).toBeNull();
  });

  it('computes as transformers do whatever untie_r says: their files have the biases of each layer', () => {
    expect(xlnetConfig({ ...base, untie_r: false })).toEqual(xlnetConfig(base));
  });

  it('refuses a release with one bias for all layers', () => {
    const release = { d_model: 16, n_layer: 2, n_head: 2, d_head: 8, d_inner: 32, n_token: 64, ff_activation: 'gelu' };
    expect(xlnetConfigOfRelease({ ...release, untie_r: true })).toMatchObject({ vocab_size: 64 });
    expect(() => xlnetConfigOfRelease({ ...release, untie_r: false })).toThrow(/untie_r/);
  });

  it.each([
    ['model_type', 'bert'],
    ['attn_type', 'uni'],
    ['bi_data', true],
    ['ff_activation', 'mish'],
    ['n_layer', 0],
    ['n_head', 1.5],
    ['d_model', '768'],
    ['d_inner', -1],
    ['vocab_size', null],
    ['layer_norm_eps', 0],
    ['initializer_range', 'small'],
  ])('refuses %s %j by name', (field, value) => {
    const error = refusal({ ...base, [field]: value });
    expect(error.code).toBe('model/config');
    expect(error.message).toContain(field);
    expect(error.got).toBe(JSON.stringify(value));
    expect(error.expected).toBeTruthy();
  });

  it.each(['model_type', 'n_layer', 'd_model', 'n_head', 'd_inner', 'vocab_size', 'ff_activation'])(
    'refuses a file without %s by name',
    (field) => {
      const error = refusal({ ...base, [field]: undefined });
      expect(error.code).toBe('model/config');
      expect(error.message).toContain(field);
    },
  );

  it.each([
    ['heads that do not fill the hidden size', { d_head: 32 }],
    ['heads of a broken size', { d_model: 10, n_head: 4, d_head: undefined }],
    ['an odd hidden size, half of which are sines', { d_model: 15, n_head: 3, d_head: 5 }],
  ])('refuses %s', (_what, changes) => {
    const error = refusal({ ...base, ...changes });
    expect(error.code).toBe('model/config');
    expect(error.got).toContain('d_model');
  });

  it.each([[null], ['xlnet'], [12], [[]], [undefined]])('refuses %j, which is no configuration', (json) => {
    expect(refusal(json).code).toBe('model/config');
  });
});
