// Proves that safetensors files are read exactly in each element type, and that invalid ones are refused with the reason.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSafetensors, readSafetensors } from '../../../../src/model/weights/safetensors.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { fileWithHeader, joined, safetensorsFile, type RawTensor } from '../../../fixtures/safetensorsFile.ts';

/** Little-endian bytes of 16-bit words. */
const words16 = (...words: number[]): Uint8Array => Uint8Array.from(words.flatMap((word) => [word & 255, word >> 8]));

function only(dtype: string, bytes: Uint8Array, shape: readonly number[]) {
  const tensor = readSafetensors(safetensorsFile({ x: { dtype, shape, bytes } })).get('x');
  if (tensor === undefined) throw new Error('no tensor x');
  return tensor;
}

function refusal(file: Uint8Array<ArrayBuffer>): LabError {
  try {
    readSafetensors(file);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the file was read');
}

describe('element types', () => {
  it('F32 is read as it stands', () => {
    const bytes = Uint8Array.from([0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc1, 1, 0, 0, 0, 0, 0, 0x80, 0x7f]);
    const { values, shape, dtype } = only('F32', bytes, [2, 2]);
    expect([...values]).toEqual([1, -10, 2 ** -149, Infinity]);
    expect([shape, dtype]).toEqual([[2, 2], 'F32']);
  });

  it('F16 is widened exactly: normal, subnormal, largest, infinite, signed zero, not a number', () => {
    const words = [0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x83ff, 0x7c00, 0xfc00, 0x8000, 0x7e01];
    const { values } = only('F16', words16(...words), [words.length]);
    // 0x3555 is the half nearest to a third: 1365 / 4096.
    const known = [1, -2, 1365 / 4096, 65504, 2 ** -14, 2 ** -24, -1023 * 2 ** -24, Infinity, -Infinity, -0, NaN];
    expect(values).toEqual(Float32Array.from(known));
    expect(Object.is(values[9], -0)).toBe(true);
  });

  it('BF16 is the upper half of a float32', () => {
    const words = [0x3f80, 0xc120, 0x0001, 0x7f80, 0xff80, 0x8000, 0x4049, 0x7fc0];
    const { values } = only('BF16', words16(...words), [2, 4]);
    expect(values).toEqual(Float32Array.from([1, -10, 2 ** -133, Infinity, -Infinity, -0, 3.140625, NaN]));
  });

  it('I32 stays whole numbers', () => {
    const bytes = Uint8Array.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x80, 1, 0, 0, 1]);
    expect(only('I32', bytes, [4]).values).toEqual(Int32Array.from([1, -1, -(2 ** 31), 2 ** 24 + 1]));
  });

  it('no element and one element have shapes too', () => {
    expect(only('F32', new Uint8Array(0), [3, 0]).values).toEqual(new Float32Array(0));
    expect(only('F32', Uint8Array.from([0, 0, 0x80, 0x3f]), []).values).toEqual(Float32Array.of(1));
  });

  it.each([
    ['I64', 8],
    ['F64', 8],
    ['U32', 4],
    ['U16', 2],
    ['BOOL', 1],
    ['F8_E4M3', 1],
    ['C64', 8],
  ])('%s is left out, and refused by name when it is read', (dtype, elementBytes) => {
    const x = { dtype, shape: [2], bytes: new Uint8Array(2 * elementBytes) };
    const file = safetensorsFile({ x, y: four(7) });
    expect([...readSafetensors(file)].map(([name, { values }]) => [name, values[0]])).toEqual([['y', 7]]);
    const opened = openSafetensors(file).get('x');
    expect(opened).toMatchObject({ dtype, shape: [2] });
    expect(() => opened?.read()).toThrow(
      expect.objectContaining({
        code: 'safetensors/type',
        message: expect.stringContaining('Tensor x') as string,
        expected: 'F32, F16, BF16, I32',
        got: dtype,
      }),
    );
    expect(refusal(safetensorsFile({ x: { ...x, shape: [3] } })).code).toBe('safetensors/size');
  });

  it('others are refused by name when they are read, and stop nothing else', () => {
    const file = safetensorsFile({ x: { dtype: 'F4_E2M1', shape: [3], bytes: new Uint8Array(2) }, y: four(7) });
    expect([...readSafetensors(file)].map(([name, { values }]) => [name, values[0]])).toEqual([['y', 7]]);
    expect(() => openSafetensors(file).get('x')?.read()).toThrow(
      expect.objectContaining({
        code: 'safetensors/type',
        message: expect.stringContaining('Tensor x') as string,
        expected: 'F32, F16, BF16, I32',
        got: 'F4_E2M1',
      }),
    );
  });
});

const four = (value: number): RawTensor => ({
  dtype: 'F32',
  shape: [1],
  bytes: new Uint8Array(Float32Array.of(value).buffer),
});

describe('a file', () => {
  it('gives each tensor its own numbers, wherever it lies and however the file lies in memory', () => {
    const file = safetensorsFile({ a: four(1), b: { dtype: 'F16', shape: [1], bytes: words16(0x4000) }, c: four(3) });
    const shifted = joined([Uint8Array.of(9, 9, 9), file]).subarray(3);
    for (const bytes of [file, shifted]) {
      const tensors = readSafetensors(bytes);
      expect([...tensors.keys()]).toEqual(['a', 'b', 'c']);
      expect([...tensors.values()].map(({ values }) => values[0])).toEqual([1, 2, 3]);
    }
  });

  it('may have its header padded with spaces, as the library that writes them does', () => {
    const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ';
    expect(readSafetensors(fileWithHeader(header, [four(5).bytes])).get('x')?.values[0]).toBe(5);
  });

  it('is read only as far as it is wanted', () => {
    const file = safetensorsFile({ wanted: four(1), odd: { dtype: 'odd', shape: [1], bytes: Uint8Array.of(0) } });
    expect([...readSafetensors(file, (name) => name === 'wanted').keys()]).toEqual(['wanted']);
  });

  it('is refused wherever it was cut', () => {
    const file = safetensorsFile({ a: four(1), b: four(2) });
    for (let length = 0; length < file.byteLength; length++) {
      expect(refusal(file.slice(0, length)).code, `cut to ${length} bytes`).toMatch(/^safetensors\/(header|size)$/);
    }
    expect(refusal(file.slice(0, -1))).toMatchObject({
      code: 'safetensors/size',
      expected: '4 bytes for F32 [1]',
      got: 'bytes 4 to 8 of 7',
    });
  });

  it('is refused for a header length that no file has, before anything is allocated', () => {
    for (const length of [0n, 1n, 1000n, 100_000_001n, 2n ** 53n + 1n, 2n ** 64n - 1n]) {
      const file = safetensorsFile({ a: four(1) });
      new DataView(file.buffer).setBigUint64(0, length, true);
      expect(refusal(file).code).toBe('safetensors/header');
    }
  });

  it.each([
    ['no JSON', '{"x":'],
    ['an array', '[1,2]'],
    ['null', 'null'],
    ['an entry without offsets', '{"x":{"dtype":"F32","shape":[1]}}'],
    ['a negative size', '{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}'],
    ['an entry that is a number', '{"x":4}'],
  ])('is refused for a header of %s', (_what, header) => {
    expect(refusal(fileWithHeader(header, [four(1).bytes])).code).toBe('safetensors/header');
  });

  it('is refused for a header that is not UTF-8', () => {
    const file = safetensorsFile({ a: four(1) });
    file[10] = 0xff;
    expect(refusal(file).code).toBe('safetensors/header');
  });

  const twoAt = (first: readonly number[], second: readonly number[]): Uint8Array<ArrayBuffer> => {
    const entry = (offsets: readonly number[]) => ({ dtype: 'F32', shape: [1], data_offsets: offsets });
    return fileWithHeader(JSON.stringify({ a: entry(first), b: entry(second) }), [new Uint8Array(8)]);
  };

  it.each([
    ['beyond the end', [0, 4], [8, 12]],
    ['partly beyond the end', [0, 4], [6, 10]],
    ['backwards', [0, 4], [8, 4]],
    ['of another length than its shape', [0, 4], [4, 6]],
  ])('is refused for a tensor %s', (_what, first, second) => {
    const error = refusal(twoAt(first, second));
    expect(error.code).toBe('safetensors/size');
    expect(error.message).toContain('b');
  });

  it.each([
    ['at the same place', [0, 4], [0, 4]],
    ['that reach into each other', [0, 4], [2, 6]],
    ['in the order of neither', [3, 7], [0, 4]],
  ])('is refused for two tensors %s', (_what, first, second) => {
    const error = refusal(twoAt(first, second));
    expect(error.code).toBe('safetensors/overlap');
    expect(error.message).toMatch(/\ba\b/);
    expect(error.message).toMatch(/\bb\b/);
  });

  it('lists a tensor under each name that save_model removed, with the numbers of the one it was written as', () => {
    const aliased = (metadata: unknown) => {
      const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
      return fileWithHeader(JSON.stringify({ __metadata__: metadata, written: entry }), [four(5).bytes]);
    };
    const file = aliased({ format: 'pt', removed: 'written', other: 'missing' });
    expect([...readSafetensors(file)].map(([name, { values }]) => [name, values[0]])).toEqual([
      ['written', 5],
      ['removed', 5],
    ]);
    expect([...readSafetensors(file, (name) => name !== 'removed').keys()]).toEqual(['written']);
    for (const metadata of [null, 4, 'written', { written: 'written', x: 4 }]) {
      expect([...openSafetensors(aliased(metadata)).keys()]).toEqual(['written']);
    }
  });

  it('is refused for a million tensors before they are parsed, but not for braces in a text', () => {
    const entry = (name: string) => `"${name}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`;
    const many = Array.from({ length: 100_001 }, (_, index) => entry(`t${index}`)).join();
    expect(refusal(fileWithHeader(`{${many}}`))).toMatchObject({
      code: 'safetensors/header',
      expected: 'at most 100000 tensors',
      got: '100001',
    });
    const braces = JSON.stringify({ __metadata__: { note: '{"\\'.repeat(100_001) } });
    expect(openSafetensors(fileWithHeader(braces)).size).toBe(0);
  });

  it('never does anything but read or refuse, whatever the header says', () => {
    const entry = fc.record(
      {
        dtype: fc.constantFrom('F32', 'F16', 'I32', 'I64', 'constructor', ''),
        shape: fc.array(fc.oneof(fc.integer({ min: -1, max: 3 }), fc.constant(2 ** 52)), { maxLength: 3 }),
        data_offsets: fc.array(fc.oneof(fc.integer({ min: -1, max: 30 }), fc.constant(2 ** 53)), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(
      fc.constantFrom('a', 'b', '__proto__', '__metadata__'),
      fc.oneof(entry, fc.jsonValue()),
    );
    fc.assert(
      fc.property(header, fc.integer({ min: 0, max: 24 }), (content, dataBytes) => {
        const file = fileWithHeader(JSON.stringify(content), [new Uint8Array(dataBytes)]);
        try {
          for (const { shape, values } of readSafetensors(file).values()) {
            expect(values.length).toBe(shape.reduce((product, size) => product * size, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
