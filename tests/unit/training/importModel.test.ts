// Proves that an XLNet is the same model in every file format, and that an incomplete one is rejected and leaves nothing behind.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSafetensors, readSafetensors } from '../../../src/model/weights/safetensors.ts';
import { memory } from '../../../src/storage/store.ts';
import { importModel } from '../../../src/training/importModel.ts';
import { loadModel } from '../../../src/training/loadTagger.ts';
import { fingerprint } from '../../../src/util/digest.ts';
import { LabError } from '../../../src/util/labError.ts';
import { modelFixture, modelFolder, modelForms, type ModelFolderFile } from '../../fixtures/modelFolders.ts';

/** Imports files into a new store and returns the record and the loaded model. */
async function imported(files: readonly ModelFolderFile[]) {
  const store = memory();
  const record = await importModel(store, 'tiny', false, files);
  return { record, store, model: await loadModel(store, record, false) };
}

/** The error of importing files, after which nothing may be stored. */
async function refusal(files: readonly ModelFolderFile[]): Promise<LabError> {
  const store = memory();
  const error = await importModel(store, 'tiny', false, files).then(
    () => new Error('the model was imported'),
    (reason: unknown) => reason,
  );
  expect(await store.keys('')).toEqual([]);
  if (error instanceof LabError) return error;
  throw error;
}

const without = (files: readonly ModelFolderFile[], name: string) => files.filter((file) => file.name !== name);
const replaced = (files: readonly ModelFolderFile[], name: string, bytes: Uint8Array<ArrayBuffer>) =>
  files.map((file) => (file.name === name ? { name, bytes } : file));
const textBytes = (text: string) => new TextEncoder().encode(text);

/** Values of every tensor as transformers stored them in F16, widened by safetensors' rules. */
const reference = readSafetensors(modelFixture('f16/model.safetensors'));

describe('settings of the tokenizer in further files', () => {
  it('are stored in tokenizer_config.json, and obeyed once the model is loaded', async () => {
    const files = [
      ...modelFolder('f16'),
      { name: 'added_tokens.json', bytes: textBytes('{"rot": 63}') },
      { name: 'special_tokens_map.json', bytes: textBytes('{"additional_special_tokens": ["<eop>"]}') },
    ];
    const { record, model } = await imported(files);
    expect(record.files.map(({ name }) => name)).toContain('tokenizer_config.json');
    expect(model.tokenizer.encodeToken('xrot').at(-1)).toBe(63);
  });

  it('are refused where they contradict the vocabulary, or have more pieces than the model', async () => {
    const adding = (text: string) => [...modelFolder('f16'), { name: 'added_tokens.json', bytes: textBytes(text) }];
    expect(await refusal(adding('{"<eop>": 9}'))).toMatchObject({ code: 'tokenizer/setting', got: 'number 9' });
    expect(await refusal(adding('{"rot": 64}'))).toMatchObject({ code: 'model/vocabulary' });
    expect(await refusal(adding('["rot"]'))).toMatchObject({ code: 'tokenizer/format' });
  });
});

describe('one model in many forms', () => {
  it.each(modelForms)('%s gives the numbers that were saved', async (form) => {
    const { model, record } = await imported(modelFolder(form));
    expect(record).toMatchObject({ layers: 2, hiddenSize: 16, heads: 2, vocabularySize: 64, activation: 'gelu' });
    const embedding = reference.get('transformer.word_embedding.weight');
    expect(model.encoder.get('embedding')?.values).toEqual(embedding?.values);
    const { model: known } = await imported(modelFolder('f16'));
    // Only Hugging Face's configuration says how weights were initialised.
    expect(model.config).toEqual({ ...known.config, ...(form === 'tensorflow' ? { initializerRange: 0.02 } : {}) });
    expect([...model.encoder.keys()]).toEqual([...known.encoder.keys()]);
    for (const [name, { values }] of model.encoder) expect(values, name).toEqual(known.encoder.get(name)?.values);
  });

  it('stores a supported file unchanged, and converts any other form to the same bytes', async () => {
    const weightsOf = async (form: (typeof modelForms)[number]) => {
      const { record, store } = await imported(modelFolder(form));
      expect(record.files.map(({ name }) => name)).toEqual(['config.json', 'model.safetensors', 'tokenizer.json']);
      return store.read(`model/${record.id}/file/model.safetensors`);
    };
    expect(await weightsOf('f16')).toEqual(modelFixture('f16/model.safetensors'));
    const written = await weightsOf('f32-sharded');
    for (const form of ['bf16-sharded', 'bin-zip', 'bin-legacy', 'bin-sharded', 'tensorflow'] as const) {
      expect(await weightsOf(form), form).toEqual(written);
    }
    const tensors = [...openSafetensors(written as Uint8Array<ArrayBuffer>)];
    expect(tensors).toHaveLength(1 + 2 * 17);
    expect(new Set(tensors.map(([, { dtype }]) => dtype))).toEqual(new Set(['F32']));
  });

  it('identifies a folder that needs no conversion as before: by the fingerprints of its files', async () => {
    const files = [...modelFolder('f16'), { name: 'tokenizer_config.json', bytes: textBytes('{}') }];
    const { record } = await imported(files);
    const byHand = fingerprint(files.map(({ name, bytes }) => [name, fingerprint(bytes)]).sort());
    expect(record.fingerprint).toBe(byHand);
    expect(record.id).toBe(byHand.slice(0, 16));
  });

  it('takes the only safetensors file whatever its name, and prefers safetensors', async () => {
    const f16 = modelFixture('f16/model.safetensors');
    const { record: plain } = await imported(modelFolder('f16'));
    const named = without(modelFolder('f16'), 'model.safetensors').concat({ name: 'xlnet.safetensors', bytes: f16 });
    expect((await imported(named)).record.id).toBe(plain.id);
    const both = modelFolder('bin-zip').concat({ name: 'model.safetensors', bytes: f16 });
    expect((await imported(both)).record.id).toBe(plain.id);
  });

  it('makes the same tokenizer from spiece.model alone', async () => {
    const { model } = await imported(modelFolder('tensorflow', 'spiece.model'));
    const { model: known } = await imported(modelFolder('f16'));
    const sentence = ['the', 'genes', 'cause', 'rot,', 'café', '12,', 'Ω'];
    expect(model.tokenizer.encodeSentence(sentence)).toEqual(known.tokenizer.encodeSentence(sentence));
    expect(model.tokenizer.specials).toEqual(known.tokenizer.specials);
  });
});

describe('an incomplete model', () => {
  it.each(modelForms)('is refused without any one file of %s', async (form) => {
    const files = modelFolder(form);
    for (const { name } of files) {
      const error = await refusal(without(files, name));
      expect(error.code, name).toMatch(/^(model\/files|weights\/shards)$/);
      expect(error.expected, name).toBeTruthy();
      expect(error.got, name).toBeTruthy();
    }
  });

  it('is rejected with the missing shards', async () => {
    const error = await refusal(without(modelFolder('f32-sharded'), 'model-00002-of-00003.safetensors'));
    expect(error).toMatchObject({ code: 'weights/shards', expected: 'model-00002-of-00003.safetensors' });
    expect(error.message).toContain('1 of the');
  });

  it('is rejected for an index without shards, which is called a list', async () => {
    const shards = modelFolder('f32-sharded').filter(({ name }) => !/-of-\d+\.safetensors$/.test(name));
    const error = await refusal(shards);
    expect(error.code).toBe('weights/shards');
    expect(error.message).toContain('model.safetensors.index.json is only a list');
  });

  it('is rejected for a pointer or a page in place of any of its files', async () => {
    const pointer = textBytes('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n');
    for (const form of modelForms) {
      const files = [...modelFolder(form), { name: 'tokenizer_config.json', bytes: textBytes('{}') }];
      for (const { name } of files) {
        const error = await refusal(replaced(files, name, pointer));
        expect([error.code, error.message], name).toEqual(['model/placeholder', expect.stringContaining(name)]);
      }
    }
  });

  it('is rejected for a tensor in two shards, or in another than the index says', async () => {
    const files = modelFolder('f32-sharded');
    const [one, two] = ['model-00001-of-00003.safetensors', 'model-00002-of-00003.safetensors'];
    const twice = await refusal(replaced(files, two, modelFixture(`f32-sharded/${one}`)));
    expect(twice).toMatchObject({ code: 'weights/shards', got: `it in ${one} and ${two}` });
    const index = JSON.parse(new TextDecoder().decode(modelFixture('f32-sharded/model.safetensors.index.json'))) as {
      weight_map: Record<string, string>;
    };
    const [first = ''] = Object.keys(index.weight_map);
    const changed = (weight_map: unknown) =>
      refusal(replaced(files, 'model.safetensors.index.json', textBytes(JSON.stringify({ weight_map }))));
    const elsewhere = index.weight_map[first] === one ? two : one;
    expect(await changed({ ...index.weight_map, [first]: elsewhere })).toMatchObject({
      code: 'weights/shards',
      expected: `it in ${elsewhere}`,
    });
    expect(await changed({ ...index.weight_map, other: one })).toMatchObject({ got: 'it nowhere' });
    const many = Object.fromEntries(Array.from({ length: 100_001 }, (_, index) => [`t${index}`, one]));
    expect(await changed(many)).toMatchObject({ code: 'weights/index', got: '100001' });
    expect((await changed({ a: 1 })).code).toBe('weights/index');
    expect((await changed(undefined)).code).toBe('weights/index');
    expect((await refusal(replaced(files, 'model.safetensors.index.json', textBytes('{')))).code).toBe('weights/index');
  });

  it.each(modelForms)('is refused when %s does not fit its configuration', async (form) => {
    const files = modelFolder(form);
    const name = form === 'tensorflow' ? 'xlnet_config.json' : 'config.json';
    const bytes = files.find((file) => file.name === name)?.bytes;
    const config = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, number>;
    const changed = (changes: Record<string, number>) =>
      refusal(replaced(files, name, textBytes(JSON.stringify({ ...config, ...changes }))));
    expect(await changed({ d_inner: 31 })).toMatchObject({ code: 'model/tensors', expected: 'shape [31, 16]' });
    expect((await changed({ n_layer: 3 })).message).toContain('17 of');
  });

  it('is rejected for an xlnet_config.json without a field, or with tied biases', async () => {
    const files = modelFolder('tensorflow');
    const config = JSON.parse(new TextDecoder().decode(modelFixture('tensorflow/xlnet_config.json'))) as object;
    const changed = (changes: object) =>
      refusal(replaced(files, 'xlnet_config.json', textBytes(JSON.stringify({ ...config, ...changes }))));
    expect((await changed({ n_token: undefined })).message).toContain('n_token');
    expect((await changed({ untie_r: false })).message).toContain('untie_r');
  });

  it.each(modelForms)(
    'is refused or right when a file of %s is cut or altered, and never anything else',
    async (form) => {
      const files = modelFolder(form).filter(({ name }) => !/tokenizer/.test(name));
      const tokenizer = modelFolder(form).filter(({ name }) => /tokenizer/.test(name));
      const { record: known } = await imported([...files, ...tokenizer]);
      // With checksums in the format, no altered value may pass.
      const isChecksummed = ['bin-zip', 'bin-sharded', 'tensorflow'].includes(form);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
          fc.integer({ min: 1, max: 255 }),
          fc.boolean(),
          async ({ name, bytes }, fraction, flip, isCut) => {
            const at = Math.floor(fraction * bytes.byteLength);
            const altered = isCut ? bytes.slice(0, at) : bytes.slice();
            if (!isCut) altered[at] = (altered[at] as number) ^ flip;
            try {
              const { record } = await imported([...replaced(files, name, altered), ...tokenizer]);
              expect(record.parameterCount).toBe(known.parameterCount);
              if (isChecksummed && !name.endsWith('.json')) expect(record.id).toBe(known.id);
            } catch (error) {
              if (!(error instanceof LabError)) throw error;
              expect(error.code).not.toBe('internal');
            }
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
