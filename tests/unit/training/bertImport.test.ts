// Proves that a BERT is the same model in every file format and tensor naming, and is rejected with the reason when its parts do not match.
import { describe, expect, it } from 'vitest';
import type { BertConfig } from '../../../src/model/families/bert.ts';
import { encoderShapes } from '../../../src/model/families/encoderConfig.ts';
import { huggingFaceTensor, pretrainedEncoder } from '../../../src/model/weights/pretrained.ts';
import { readSafetensors, type FileTensor } from '../../../src/model/weights/safetensors.ts';
import { memory } from '../../../src/storage/store.ts';
import { importModel } from '../../../src/training/importModel.ts';
import { loadModel } from '../../../src/training/loadTagger.ts';
import { LabError } from '../../../src/util/labError.ts';
import { bertFolder, bertForms } from '../../fixtures/bertFolders.ts';
import { safetensorsFile, type RawTensor } from '../../fixtures/safetensorsFile.ts';

async function imported(form: (typeof bertForms)[number]) {
  const store = memory();
  const record = await importModel(store, form, false, bertFolder(form));
  return { record, model: await loadModel(store, record, false) };
}

async function refusal(attempt: Promise<unknown>): Promise<LabError> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the model was accepted');
}

const known = await imported('safetensors');

describe.each(bertForms)('a BERT as %s', (form) => {
  it('has the record, the numbers and the vocabulary of the same model in any form', async () => {
    const { record, model } = await imported(form);
    expect(record).toMatchObject({
      family: 'bert',
      layers: 2,
      hiddenSize: 16,
      heads: 2,
      vocabularySize: 144,
      positions: 40,
    });
    expect(record.parameterCount).toBe([...model.encoder.values()].reduce((sum, { values }) => sum + values.length, 0));
    expect(model.config).toEqual(known.model.config);
    expect(model.encoder).toEqual(known.model.encoder);
    expect(model.tokenizer.specials).toEqual({ pad: 0, unk: 1, cls: 2, sep: 3 });
    expect(model.tokenizer.encodeToken('Gene-rot')).toEqual(known.model.tokenizer.encodeToken('Gene-rot'));
  });
});

/** The folder with modified weight tensors, all of them F32. */
function withTensors(change: (tensors: Record<string, RawTensor>) => Record<string, RawTensor>) {
  return bertFolder('safetensors').map((file) => {
    if (file.name !== 'model.safetensors') return file;
    const tensors = [...readSafetensors(file.bytes)].map(([name, { dtype, shape, values }]): [string, RawTensor] => [
      name,
      { dtype, shape, bytes: new Uint8Array(values.slice().buffer) },
    ]);
    return { ...file, bytes: safetensorsFile(change(Object.fromEntries(tensors))) };
  });
}

describe('a BERT', () => {
  it('may contain 64-bit integers outside the encoder', async () => {
    const positions: RawTensor = { dtype: 'I64', shape: [1, 40], bytes: new Uint8Array(8 * 40) };
    const files = withTensors((tensors) => ({ 'bert.embeddings.position_ids': positions, ...tensors }));
    const store = memory();
    const record = await importModel(store, 'x', false, files);
    expect((await loadModel(store, record, false)).encoder).toEqual(known.model.encoder);
  });

  it("is rejected when the encoder's tensors have an unsupported type", async () => {
    const files = withTensors((tensors) =>
      Object.fromEntries(
        Object.entries(tensors).map(([name, { shape, bytes }]) => [
          name,
          { dtype: 'F64', shape, bytes: new Uint8Array(2 * bytes.byteLength) },
        ]),
      ),
    );
    expect(await refusal(importModel(memory(), 'x', false, files))).toMatchObject({ code: 'safetensors/type', got: 'F64' }); // prettier-ignore
  });

  it('reports what its folder lacks', async () => {
    const without = (name: string) => bertFolder('bin').filter((file) => file.name !== name);
    for (const name of ['config.json', 'pytorch_model.bin', 'vocab.txt']) {
      expect((await refusal(importModel(memory(), 'x', false, without(name)))).code).toBe('model/files');
    }
  });

  it('is rejected with more pieces than embeddings', async () => {
    const files = bertFolder('bin').map((file) =>
      file.name === 'vocab.txt'
        ? { ...file, bytes: new Uint8Array([...file.bytes, ...new TextEncoder().encode('more\n')]) }
        : file,
    );
    expect((await refusal(importModel(memory(), 'x', false, files))).code).toBe('model/vocabulary');
  });
});

describe('tensors', () => {
  const config = known.model.config as BertConfig;
  const tensors = new Map<string, FileTensor>();
  let next = 0;
  for (const parameter of encoderShapes(config).keys()) {
    const { name, shape } = huggingFaceTensor(parameter, config);
    const size = shape.reduce((product, count) => product * count, 1);
    tensors.set(name, { dtype: 'F32', shape, values: Float32Array.from({ length: size }, () => next++) });
  }

  it.each([
    ['without a prefix', (name: string) => name.replace(/^bert\./, '')],
    ['with gamma and beta', (name: string) => name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')], // prettier-ignore
  ])('are found %s', (_how, rename) => {
    const renamed = new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
    expect(pretrainedEncoder(renamed, config)).toEqual(pretrainedEncoder(tensors, config));
  });

  it('of linear layers, stored as [out, in], are transposed', () => {
    const theirs = tensors.get('bert.encoder.layer.1.intermediate.dense.weight') as FileTensor;
    const ours = pretrainedEncoder(tensors, config).get('layer.1.feedForward.inner.kernel');
    for (let input = 0; input < 16; input++) {
      for (let output = 0; output < 32; output++) {
        expect(ours?.values[input * 32 + output]).toBe(theirs.values[output * 16 + input]);
      }
    }
  });

  it('are reported missing by their full names', () => {
    const fewer = new Map(tensors);
    fewer.delete('bert.embeddings.LayerNorm.bias');
    expect(() => pretrainedEncoder(fewer, config)).toThrow(
      expect.objectContaining({ code: 'model/tensors', expected: 'bert.embeddings.LayerNorm.bias' }),
    );
  });
});
