// Proves that encoder weights are found under either naming, converted to the lab's layout, and refused by name if they do not fit.
import { describe, expect, it } from 'vitest';
import { encoderShapes } from '../../../../src/model/families/encoderConfig.ts';
import type { XlnetConfig } from '../../../../src/model/families/xlnet.ts';
import { newEncoder } from '../../../../src/model/parameters.ts';
import { huggingFaceTensor, pretrainedEncoder, pretrainedTensors } from '../../../../src/model/weights/pretrained.ts';
import { transposed, type FileTensor, type StoredTensor } from '../../../../src/model/weights/safetensors.ts';
import { LabError } from '../../../../src/util/labError.ts';

const config: XlnetConfig = {
  family: 'xlnet',
  layers: 2,
  hiddenSize: 6,
  heads: 2,
  headSize: 3,
  innerSize: 5,
  vocabularySize: 7,
  activation: 'gelu',
  layerNormEpsilon: 1e-12,
  clampLength: null,
  initializerRange: 0.02,
};

/** A file's tensors: all that the encoder needs, and parts of a language model that it does not. */
function fileTensors(): Map<string, FileTensor> {
  const tensors = new Map<string, FileTensor>();
  let next = 0;
  for (const parameter of encoderShapes(config).keys()) {
    const { name, shape } = huggingFaceTensor(parameter, config);
    const size = shape.reduce((product, count) => product * count, 1);
    tensors.set(name, { dtype: 'F32', shape, values: Float32Array.from({ length: size }, () => next++) });
  }
  const other = (shape: readonly number[]): FileTensor => ({ dtype: 'F32', shape, values: new Float32Array(7) });
  return tensors.set('lm_loss.bias', other([7])).set('transformer.mask_emb', other([1, 1, 7]));
}

function refusal(tensors: ReadonlyMap<string, FileTensor>): LabError {
  try {
    pretrainedEncoder(tensors, config);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the weights were accepted');
}

describe('pretrainedEncoder', () => {
  it('fills every parameter with a tensor of its shape, and takes nothing else', () => {
    const encoder = pretrainedEncoder(fileTensors(), config);
    const shapes = [...encoder].map(([name, { shape }]) => [name, [...shape]]);
    expect(shapes).toEqual([...encoderShapes(config)]);
    for (const [name, { shape, values }] of encoder) {
      expect(values.length, name).toBe(shape.reduce((product, size) => product * size, 1));
    }
    expect([...encoder.keys()]).toEqual([...newEncoder(config, 1).keys()]);
  });

  it('turns what a torch Linear holds as [out, in], and keeps the heads of q, k, v and r side by side', () => {
    const tensors = fileTensors();
    const encoder = pretrainedEncoder(tensors, config);
    const inner = tensors.get('transformer.layer.1.ff.layer_1.weight');
    const kernel = encoder.get('layer.1.feedForward.inner.kernel');
    for (let input = 0; input < 6; input++) {
      for (let output = 0; output < 5; output++) {
        expect(kernel?.values[input * 5 + output]).toBe(inner?.values[output * 6 + input]);
      }
    }
    const q = tensors.get('transformer.layer.0.rel_attn.q');
    expect(encoder.get('layer.0.attention.query')?.values).toEqual(q?.values);
  });

  it('takes a bare encoder, whose names have no prefix', () => {
    const bare = new Map([...fileTensors()].map(([name, tensor]) => [name.replace(/^transformer\./, ''), tensor]));
    expect(pretrainedEncoder(bare, config)).toEqual(pretrainedEncoder(fileTensors(), config));
  });

  it('says how many tensors are missing, and which, by the names of the file', () => {
    const one = fileTensors();
    one.delete('transformer.layer.1.rel_attn.r_w_bias');
    expect(refusal(one)).toMatchObject({ code: 'model/tensors', expected: 'transformer.layer.1.rel_attn.r_w_bias' });
    expect(refusal(one).message).toContain('1 of');

    const other = new Map([['bert.embeddings.weight', { dtype: 'F32', shape: [1], values: new Float32Array(1) }]]);
    const error = refusal(other);
    expect(error.message).toContain(String(encoderShapes(config).size));
    expect(error.expected).toMatch(/^transformer\.word_embedding\.weight, .*, …$/);
    expect(error.got).toBe('1 tensors, such as bert.embeddings.weight');
  });

  it.each([
    ['transformer.word_embedding.weight', [8, 6], '[7, 6]'],
    ['transformer.layer.0.rel_attn.q', [6, 3, 2], '[6, 2, 3]'],
    ['transformer.layer.1.ff.layer_1.weight', [6, 5], '[5, 6]'],
    ['transformer.layer.0.rel_attn.seg_embed', [2, 6], '[2, 2, 3]'],
  ])('says of %s which shape came and which was expected', (name, shape, expected) => {
    const tensors = fileTensors();
    const size = shape.reduce((product, count) => product * count, 1);
    tensors.set(name, { dtype: 'F32', shape, values: new Float32Array(size) });
    const error = refusal(tensors);
    expect(error.code).toBe('model/tensors');
    expect(error.message).toContain(name);
    expect([error.expected, error.got]).toEqual([`shape ${expected}`, `[${shape.join(', ')}]`]);
  });
});

/** The tensors as import gets them. */
function storedTensors(tensors: ReadonlyMap<string, FileTensor>): Map<string, StoredTensor> {
  return new Map([...tensors].map(([name, { values, ...rest }]) => [name, { ...rest, read: () => values.slice() }]));
}

const renamed = <Value>(tensors: ReadonlyMap<string, Value>, rename: (name: string) => string): Map<string, Value> =>
  new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
const wrapped = (prefix: string) => renamed(fileTensors(), (name) => name.replace(/^transformer\./, prefix));

describe('prefixes', () => {
  it.each([
    'module.transformer.',
    'model.',
    'xlnet.',
    'module.model.xlnet.',
    'state_dict.encoder.',
    '_orig_mod.backbone.',
  ])('finds the encoder behind %s', (prefix) => {
    const plain = pretrainedEncoder(fileTensors(), config);
    expect(pretrainedEncoder(wrapped(prefix), config)).toEqual(plain);
    const found = pretrainedTensors(storedTensors(wrapped(prefix)), config);
    expect([...found.keys()]).toEqual([...pretrainedTensors(storedTensors(fileTensors()), config).keys()]);
  });

  it('finds tensors whose layers were wrapped one by one', () => {
    const inner = renamed(fileTensors(), (name) => name.replace(/layer\.(\d)\./, 'layer.$1._orig_mod.module.'));
    expect(pretrainedEncoder(inner, config)).toEqual(pretrainedEncoder(fileTensors(), config));
  });

  it('names what is missing with the prefix that the others have', () => {
    const one = wrapped('module.');
    one.delete('module.layer.1.rel_attn.r_w_bias');
    expect(refusal(one)).toMatchObject({ code: 'model/tensors', expected: 'module.layer.1.rel_attn.r_w_bias' });
  });

  it('refuses two encoders by naming both, but not when one cannot be meant or both are the same', () => {
    const two = (change: (tensor: FileTensor) => FileTensor) => {
      const student = [...wrapped('student.')].map(([name, tensor]): [string, FileTensor] => [name, change(tensor)]);
      return storedTensors(new Map([...wrapped('teacher.'), ...student]));
    };
    const taken = (tensors: Map<string, StoredTensor>) => () => pretrainedTensors(tensors, config);
    const other = two((tensor) => ({ ...tensor, values: tensor.values.map((value) => value + 1) as Float32Array<ArrayBuffer> })); // prettier-ignore
    expect(taken(other)).toThrow(
      expect.objectContaining({ code: 'model/tensors', got: 'teacher.… and student.…' }) as Error,
    );
    const same = pretrainedTensors(two((tensor) => tensor), config); // prettier-ignore
    expect(same.get('transformer.word_embedding.weight')?.read()[1]).toBe(1);
    const wider = pretrainedTensors(
      two((tensor) => ({ ...tensor, shape: [...tensor.shape, 2] })),
      config,
    );
    expect(wider.get('transformer.word_embedding.weight')?.shape).toEqual([7, 6]);
  });

  it('reads a stored model with a second encoder as it did before prefixes were found', () => {
    const second = [...wrapped('teacher.')].map(([name, tensor]): [string, FileTensor] => {
      return [name, { ...tensor, values: new Float32Array(tensor.values.length) }];
    });
    const both = new Map([...second, ...fileTensors()]);
    expect(pretrainedEncoder(both, config)).toEqual(pretrainedEncoder(fileTensors(), config));
  });

  it('refuses adapters that are not merged, and encoders of families that only name their tensors alike', () => {
    const adapted = storedTensors(fileTensors());
    const lora = 'transformer.layer.0.ff.layer_1.lora_A.default.weight';
    adapted.set(lora, { dtype: 'F32', shape: [1, 6], read: () => new Float32Array(6) });
    expect(() => pretrainedTensors(adapted, config)).toThrow(expect.objectContaining({ got: lora }) as Error);
    expect(refusal(wrapped('model.roberta.')).message).toContain('another family');
  });
});

it('transposed gives the matrix whose transpose came', () => {
  const values = Float32Array.from([1, 2, 3, 4, 5, 6]); // [3, 2]
  expect(transposed(values, [2, 3])).toEqual(Float32Array.from([1, 3, 5, 2, 4, 6]));
});
