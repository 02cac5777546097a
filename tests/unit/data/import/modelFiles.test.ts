// Proves which files of a folder are selected for a model, which of several forms, and what is reported missing.
import { describe, expect, it } from 'vitest';
import { isModelFile, modelFiles } from '../../../../src/data/import/modelFiles.ts';

const rest = ['config.json', 'tokenizer.json'];
const release = ['xlnet_config.json', 'spiece.model'];
const checkpoint = ['xlnet_model.ckpt.data-00000-of-00001', 'xlnet_model.ckpt.index', 'xlnet_model.ckpt.meta'];

describe('modelFiles', () => {
  it.each([
    ['safetensors', ['model.safetensors'], ['model.safetensors']],
    ['safetensors', ['xlnet.safetensors'], ['xlnet.safetensors']],
    ['safetensors', ['model.safetensors', 'other.safetensors', 'pytorch_model.bin'], ['model.safetensors']],
    [
      'safetensors shards',
      ['model-00002-of-00002.safetensors', 'model-00001-of-00002.safetensors', 'model.safetensors.index.json'],
      ['model.safetensors.index.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'],
    ],
    ['torch', ['pytorch_model.bin', 'tf_model.h5', ...checkpoint], ['pytorch_model.bin']],
    [
      'torch shards',
      ['pytorch_model.bin.index.json', 'pytorch_model-00001-of-00001.bin'],
      ['pytorch_model.bin.index.json', 'pytorch_model-00001-of-00001.bin'],
    ],
    ['tensorflow', checkpoint, ['xlnet_model.ckpt.index', 'xlnet_model.ckpt.data-00000-of-00001']],
    [
      'tensorflow',
      ['model.ckpt-9.index', 'model.ckpt-9.data-00001-of-00002', 'model.ckpt-9.data-00000-of-00002'],
      ['model.ckpt-9.index', 'model.ckpt-9.data-00000-of-00002', 'model.ckpt-9.data-00001-of-00002'],
    ],
  ])('finds %s among %j', (form, names, weights) => {
    for (const name of names) expect(isModelFile(name), name).toBe(true);
    expect(modelFiles([...rest, ...names])).toMatchObject({ form, weights, missing: [] });
  });

  it('takes the original release, and Hugging Face before it where both are there', () => {
    const names = [...release, ...checkpoint];
    expect(modelFiles(names)).toMatchObject({ config: 'xlnet_config.json', tokenizer: 'spiece.model', missing: [] });
    expect(modelFiles([...names, ...rest, 'tokenizer_config.json'])).toMatchObject({
      config: 'config.json',
      tokenizer: 'tokenizer.json',
      tokenizerConfig: 'tokenizer_config.json',
    });
  });

  it("takes BERT's original release, whose checkpoint may be named after its step", () => {
    const names = ['bert_config.json', 'vocab.txt', 'bert_model.ckpt.index', 'bert_model.ckpt.data-00000-of-00001'];
    for (const name of names) expect(isModelFile(name), name).toBe(true);
    expect(modelFiles(names)).toMatchObject({
      config: 'bert_config.json',
      form: 'tensorflow',
      weights: names.slice(2),
      tokenizer: 'vocab.txt',
      missing: [],
    });
    const stepped = names.map((name) => name.replace('bert_model.ckpt', 'model.ckpt-1000000'));
    for (const name of stepped) expect(isModelFile(name), name).toBe(true);
    expect(modelFiles(stepped)).toMatchObject({ weights: stepped.slice(2), missing: [] });
    expect(modelFiles([...stepped, ...names])).toMatchObject({ weights: names.slice(2), missing: [] });
  });

  it.each([
    [[], 'model.safetensors'],
    [['tf_model.h5'], 'model.safetensors (weights in Keras files are not read)'],
    [['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'], 'model.safetensors.index.json'],
    [['pytorch_model-00001-of-00002.bin'], 'pytorch_model.bin.index.json'],
    [['xlnet_model.ckpt.index'], 'xlnet_model.ckpt.data-00000-of-00001'],
    [['xlnet_model.ckpt.data-00000-of-00001'], 'xlnet_model.ckpt.index'],
    [['a.ckpt.index', 'a.ckpt.data-00000-of-00001', 'b.ckpt.index', 'b.ckpt.data-00000-of-00001'], 'a single TensorFlow checkpoint'], // prettier-ignore
  ])('says of %j what weights are missing', (names, missing) => {
    expect(modelFiles([...rest, ...names]).missing).toEqual([missing]);
  });

  it('says that configuration and tokenizer are missing', () => {
    expect(modelFiles(['pytorch_model.bin']).missing).toEqual(['config.json', 'tokenizer.json']);
  });
});
