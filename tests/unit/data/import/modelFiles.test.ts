// Proves which files of a folder are selected for a model, which of several forms, and what is reported missing.
import { describe, expect, it } from 'vitest';
import { foreignFileOf, isModelFile, modelFiles } from '../../../../src/data/import/modelFiles.ts';

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

  it("takes a trainer's only file of PyTorch weights where nothing has the usual name", () => {
    for (const name of ['epoch=3-step=100.ckpt', 'best.pt', 'model.pth', 'finetuned.bin']) {
      const states = ['optimizer.pt', 'scheduler.pt', 'rng_state.pth', 'training_args.bin'];
      expect(modelFiles([...rest, name, ...states])).toMatchObject({ form: 'torch', weights: [name], missing: [] });
    }
    for (const name of ['a.ckpt', 'a.pt', 'a.pth']) expect(isModelFile(name), name).toBe(true);
    expect(isModelFile('a.bin')).toBe(false);
    const several = modelFiles([...rest, 'last.ckpt', 'best.ckpt']);
    expect(several).toMatchObject({
      form: null,
      missing: ['a single file of weights (there are best.ckpt, last.ckpt)'],
    });
    expect(modelFiles([...rest, 'best.ckpt', ...checkpoint]).form).toBe('tensorflow');
  });

  it('says of an index without files that it is only a list', () => {
    for (const index of [
      'model.safetensors.index.json',
      'weights.safetensors.index.json',
      'pytorch_model.bin.index.json',
    ]) {
      expect(modelFiles([...rest, index]).missing).toEqual([`the files of weights that ${index} is only a list of`]);
    }
    const named = ['weights.safetensors.index.json', 'weights-00001-of-00001.safetensors'];
    expect(modelFiles([...rest, ...named])).toMatchObject({ form: 'safetensors shards', weights: named, missing: [] });
  });
});

describe('foreignFileOf', () => {
  it.each([
    ['optimizer.pt', 'optimizer'],
    ['optimizer.safetensors', 'optimizer'],
    ['bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt', 'optimizer'],
    ['scheduler.pt', 'scheduler'],
    ['scaler.pt', 'scaler'],
    ['rng_state_3.pth', 'random'],
    ['random_states_0.pkl', 'random'],
    ['trainer_state.json', 'log'],
    ['events.out.tfevents.1700000000.host.1.0', 'TensorBoard'],
    ['training_args.bin', 'settings'],
    ['adapter_model.safetensors', 'adapter'],
    ['adapter_config.json', 'adapter'],
    ['__0_0.distcp', 'distributed'],
    ['tf_model.h5', 'Keras'],
    ['flax_model.msgpack', 'Flax'],
    ['model.onnx', 'another program'],
  ])('knows %s', (name, what) => {
    expect(foreignFileOf(name)).toContain(what);
    expect(modelFiles([...rest, name]).form).toBeNull();
  });

  it('knows no file of a model, and none of a corpus', () => {
    const names = ['model.safetensors', 'pytorch_model.bin', 'last.ckpt', 'config.json', 'tokenizer.json', 'train.tsv', 'spiece.model', 'optimism.txt']; // prettier-ignore
    for (const name of names) expect(foreignFileOf(name), name).toBeNull();
  });
});
