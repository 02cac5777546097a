// Proves that weights corrupted in any way are refused by a LabError or give tensors whose sizes match their shapes.
import { describe, expect, it } from 'vitest';
import { modelFiles } from '../../../../src/data/import/modelFiles.ts';
import { openWeights } from '../../../../src/model/weights/openWeights.ts';
import { openSafetensors, type StoredTensor } from '../../../../src/model/weights/safetensors.ts';
import { maskedChecksum, unpackSnappy } from '../../../../src/model/weights/tensorflowCheckpoint.ts';
import { torchTensors } from '../../../../src/model/weights/torchTensors.ts';
import { LabError } from '../../../../src/util/labError.ts';
import type { Rng } from '../../../../src/util/random.ts';
import {
  bytesOf,
  checkPrototypes,
  fuzz,
  fuzzTimeoutMs,
  joinedBytes,
  mutatedBytes,
  mutatedJson,
  outcome,
  pick,
  withinBytes,
} from '../../../fixtures/fuzzing.ts';
import { modelFolder, modelForms } from '../../../fixtures/modelFolders.ts';
import { fileWithHeader } from '../../../fixtures/safetensorsFile.ts';

/** Opens and reads everything, within memory that is a small multiple of the files. */
async function checkTensors(sizeBytes: number, open: () => ReadonlyMap<string, StoredTensor>): Promise<number> {
  const tensors = await outcome(() => withinBytes(2 ** 20 + 64 * sizeBytes, open));
  if (tensors instanceof LabError) return 0;
  let read = 0;
  for (const tensor of [...tensors.values()].slice(0, 60)) {
    const values = await outcome(() => withinBytes(2 ** 20 + 64 * sizeBytes, () => tensor.read()));
    if (values instanceof LabError) continue;
    expect(values.length).toBe(tensor.shape.reduce((product, size) => product * size, 1));
    read++;
  }
  checkPrototypes();
  return read;
}

describe.each(modelForms)('%s', (form) => {
  it(
    'broken in one file',
    () =>
      fuzz(`weights ${form}`, 60, async (rng) => {
        const folder = modelFolder(form);
        const chosen = modelFiles(folder.map(({ name }) => name));
        const files = chosen.weights.map((name) => folder.find((file) => file.name === name) ?? folder[0]);
        const whole = files.flatMap((file) => file ?? []);
        const victim = rng.integer(whole.length);
        const bad = whole.map((file, at) => (at === victim ? { ...file, bytes: mutatedBytes(rng, file.bytes) } : file));
        const sizeBytes = bad.reduce((sum, { bytes }) => sum + bytes.length, 0);
        await checkTensors(sizeBytes, () => openWeights(chosen.form ?? 'torch', bad));
      }),
    fuzzTimeoutMs,
  );
});

describe('safetensors', () => {
  const values = new Uint8Array(48);
  const header = {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    b: { dtype: 'F16', shape: [8], data_offsets: [16, 32] },
    constructor: { dtype: 'I32', shape: [4, 1], data_offsets: [32, 48] },
  };

  it(
    'whose header lies',
    async () => {
      expect(await checkTensors(500, () => openSafetensors(fileWithHeader(JSON.stringify(header), [values])))).toBe(3);
      await fuzz('header', 400, (rng) => {
        const bad = fileWithHeader(JSON.stringify(mutatedJson(rng, header)), [values]);
        return checkTensors(bad.length, () => openSafetensors(bad));
      });
    },
    fuzzTimeoutMs,
  );

  it.each([
    ['a name twice', `{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[8],"data_offsets":[16,48]}}`, 'safetensors/gap'], // prettier-ignore
    ['a header without an end', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'safetensors/header'],
    ['more faults than the stack holds', `{"a":{"dtype":"F32","shape":[${'"",'.repeat(150_000)}0],"data_offsets":[0,16]}}`, 'safetensors/header'], // prettier-ignore
    ['a shape beyond all memory', '{"a":{"dtype":"F32","shape":[9007199254740991,9007199254740991],"data_offsets":[0,48]}}', 'safetensors/size'], // prettier-ignore
  ])(
    'with %s',
    async (_what, text, code) => {
      expect(await outcome(() => openSafetensors(fileWithHeader(text, [values])))).toMatchObject({ code });
    },
    fuzzTimeoutMs,
  );
});

describe('a pickle', () => {
  const head = Uint8Array.from([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e, 0x80, 2, 0x4d, 0xe9, 3, 0x2e, 0x80, 2, 0x7d, 0x2e]); // prettier-ignore
  const latin1 = (text: string) => Uint8Array.from(text, (unit) => unit.charCodeAt(0));
  const legacy = (content: string) => joinedBytes([head, latin1(content), latin1('\x80\x02].')]);
  const opcodes = [...'.(0NJKMGXTU)]t\x85\x86\x87ae}suqr\x94hjc\x93RbQ\x88\x89\x8a\x8c\x95\x80', 'ccollections\nOrderedDict\n', 'ctorch\nFloatStorage\n', 'ctorch._utils\n_rebuild_tensor_v2\n', 'ctorch._utils\n_rebuild_parameter\n', 'U\x07storage', 'K\x04', 'q\x00', 'h\x00', 'cos\nsystem\n', 'X\xff\xff\xff\xff', ')R', '}q\x01']; // prettier-ignore

  it(
    'of any opcodes',
    () =>
      fuzz('opcodes', 600, (rng) => {
        const soup = Array.from({ length: 1 + rng.integer(60) }, () => pick(rng, opcodes)).join('');
        const bytes = legacy(`\x80\x02${soup}.`);
        return checkTensors(bytes.length, () => torchTensors(bytes));
      }),
    fuzzTimeoutMs,
  );

  it('that makes dicts of one list again and again', async () => {
    const pairs = Array.from({ length: 200 }, (_, at) => `K${String.fromCharCode(at)}N\x86`).join('');
    const bomb = `\x80\x02](${pairs}eq\x000ccollections\nOrderedDict\nq\x010${'h\x01h\x00\x85R'.repeat(2000)}.`;
    expect(await outcome(() => torchTensors(legacy(bomb)))).toMatchObject({ code: 'torch/pickle' });
  });

  it('nested deeper than any stack', async () => {
    const deep = `\x80\x02${']'.repeat(200_000)}${'a'.repeat(199_999)}.`;
    expect(await outcome(() => torchTensors(legacy(deep)))).toMatchObject({ code: 'torch/pickle' });
  });
});

describe("a TensorFlow checkpoint's index", () => {
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]); // prettier-ignore
  const entry = (shared: number, key: string, value: readonly number[]) => [...varint(shared), ...varint(key.length), ...varint(value.length), ...bytesOf(key), ...value]; // prettier-ignore

  /** A whole table of the given entries, with matching checksums, so that the errors behind them are found. */
  function tableOf(entries: readonly number[], packing = 0): Uint8Array<ArrayBuffer> {
    const parts: number[] = [];
    const block = (content: readonly number[], kind = 0): number[] => {
      const from = parts.length;
      const sealed = [...content, kind];
      const sum = maskedChecksum(Uint8Array.from(sealed));
      for (const byte of [...sealed, ...[0, 8, 16, 24].map((shift) => (sum >>> shift) & 255)]) parts.push(byte);
      return [...varint(from), ...varint(content.length)];
    };
    const noRestarts = [0, 0, 0, 0];
    const place = block([...entries, ...noRestarts], packing);
    const index = block([...entry(0, 'z', place), ...noRestarts]);
    const footer = [...block([...noRestarts]), ...index];
    return Uint8Array.from([...parts, ...footer, ...new Array<number>(40 - footer.length).fill(0), 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]); // prettier-ignore
  }
  const open = (bytes: Uint8Array<ArrayBuffer>) =>
    openWeights('tensorflow', [
      { name: 'a.index', bytes },
      { name: 'a.data-00000-of-00001', bytes: new Uint8Array(64) },
    ]);
  const header = entry(0, '', [8, 1]);
  const variable = (name: string) => entry(0, name, [8, 1, 18, 4, 18, 2, 8, 4, 32, 0, 40, 16]);

  it(
    'with checksums that fit and entries that do not',
    async () => {
      expect(await checkTensors(500, () => open(tableOf([...header, ...variable('a/b')])))).toBe(1);
      await fuzz('index', 400, (rng: Rng) => {
        const entries = mutatedBytes(rng, Uint8Array.from([...header, ...variable('a'), ...variable('b/ff/kernel')]));
        const bytes = tableOf([...entries], pick(rng, [0, 0, 0, 1, 2]));
        return checkTensors(bytes.length, () => open(bytes));
      });
    },
    fuzzTimeoutMs,
  );

  it('whose names grow on each other', async () => {
    const names = [...entry(0, 'x'.repeat(900), []), ...Array.from({ length: 2000 }, (_, at) => entry(900 + at, 'y', [])).flat()]; // prettier-ignore
    expect(await outcome(() => open(tableOf([...header, ...names])))).toMatchObject({ code: 'tensorflow/index' });
  });

  it('whose snappy block states more than its bytes can hold', async () => {
    const refuse = (got: string) => new LabError('tensorflow/index', 'x', { got });
    const lie = Uint8Array.from([0xff, 0xff, 0xff, 0x7f, 0, 65]);
    const read = () => withinBytes(10_000, () => unpackSnappy(lie, 2 ** 28, refuse));
    expect(await outcome(read)).toMatchObject({ code: 'tensorflow/index' });
    await fuzz(
      'snappy',
      300,
      (rng) =>
      outcome(() => withinBytes(50_000, () => unpackSnappy(mutatedBytes(rng, Uint8Array.from([40, 12, 1, 2, 3, 4, 18, 4, 0, 66, 4, 0])), 2 ** 28, refuse))), // prettier-ignore
    );
  });
});
