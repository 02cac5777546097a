// Proves that TensorFlow's checkpoints give the numbers it saved, that checksums are verified, and that damaged ones are refused.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTensorflowCheckpoint, unpackSnappy } from '../../../../src/model/weights/tensorflowCheckpoint.ts';
import { crc32, crc32c } from '../../../../src/util/digest.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { modelFixture } from '../../../fixtures/modelFolders.ts';

const indexName = 'odd.ckpt.index';
const dataName = 'odd.ckpt.data-00000-of-00001';
const index = modelFixture(`tensorflow-odd/${indexName}`);
const data = modelFixture(`tensorflow-odd/${dataName}`);
const open = (indexBytes = index, dataBytes = data) =>
  openTensorflowCheckpoint({ name: indexName, bytes: indexBytes }, [{ name: dataName, bytes: dataBytes }]);

function refusal(read: () => unknown): LabError {
  try {
    read();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the checkpoint was read');
}

describe('a checkpoint', () => {
  it('gives every variable, over several blocks of the index', () => {
    const variables = open();
    expect(variables.size).toBe(303);
    for (let number = 0; number < 300; number++) {
      const variable = variables.get(`scope/of/many/variables/number_${number}`);
      expect(variable?.shape).toEqual([]);
      expect(variable?.read()).toEqual(Float32Array.of(number));
    }
  });

  it('gives halves widened, and refuses other elements by name when they are asked for', () => {
    const variables = open();
    for (const name of ['half', 'brain_half']) {
      expect(variables.get(name)?.shape).toEqual([4]);
      expect(variables.get(name)?.read()).toEqual(Float32Array.of(0, 1, 2, 3));
    }
    const error = refusal(() => variables.get('integers')?.read());
    expect(error).toMatchObject({ code: 'tensorflow/type', got: 'TensorFlow type 9' });
  });

  it('is refused without its data file, or with one that is cut or altered', () => {
    const error = refusal(() => openTensorflowCheckpoint({ name: indexName, bytes: index }, []));
    expect(error).toMatchObject({ code: 'tensorflow/data', expected: dataName, got: 'none' });
    expect(refusal(() => open(index, data.slice(0, -1))).code).toBe('tensorflow/data');
    const altered = data.slice();
    altered.fill(0x55);
    expect(refusal(() => open(index, altered).get('half')?.read()).message).toContain('were altered');
  });

  it('is refused wherever its index is cut', () => {
    for (let length = 0; length < index.byteLength; length += 7) {
      expect(refusal(() => open(index.slice(0, length))).code, `cut to ${length}`).toBe('tensorflow/index');
    }
  });

  it('is the same or refused whatever byte is changed', () => {
    const known = open();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: index.byteLength - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const altered = index.slice();
        altered[at] = (altered[at] as number) ^ flip;
        try {
          const variables = open(altered);
          expect([...variables.keys()]).toEqual([...known.keys()]);
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('checksums', () => {
  it.each([
    // Check values of the catalogue of CRC algorithms (CRC-32/ISO-HDLC, CRC-32/ISCSI) and of RFC 3720, B.4.
    ['123456789', 0xcbf43926, 0xe3069283],
    ['\0'.repeat(32), 0x190a55ad, 0x8a9136aa],
  ])('of %j are the published ones', (text, plain, castagnoli) => {
    const bytes = new TextEncoder().encode(text);
    expect([crc32(bytes), crc32c(bytes)]).toEqual([plain, castagnoli]);
  });
});

describe('snappy', () => {
  const refuse = (got: string) => new LabError('snappy', 'refused', { got });
  const unpack = (...bytes: number[]) => new TextDecoder().decode(unpackSnappy(Uint8Array.from(bytes), 1000, refuse));
  const text = (value: string) => [...new TextEncoder().encode(value)];

  it.each([
    // Packed by the reference implementation's port in Rust (cramjam 2.13).
    ['moss', '040c6d6f7373'],
    ['ab'.repeat(40), '50046162fe0200360200'],
    [
      'model/transformer/layer_0/rel_attn/q/kernel model/transformer/layer_1/rel_attn/k/kernel',
      '57b06d6f64656c2f7472616e73666f726d65722f6c617965725f302f72656c5f6174746e2f712f6b65726e656c206d5a2c000031192c1c6b2f6b65726e656c',
    ],
    ['a'.repeat(100), `64f063${'61'.repeat(100)}`],
  ])('unpacks %j', (value, packed) => {
    expect(unpack(...(packed.match(/../g) ?? []).map((byte) => parseInt(byte, 16)))).toBe(value);
  });

  it('reads references of four bytes too', () => {
    expect(unpack(8, 0x0c, ...text('moss'), 0x0f, 4, 0, 0, 0)).toBe('mossmoss');
  });

  it.each([
    ['nothing', []],
    ['less than it states', [5, 0x00, 97]],
    ['more than it states', [1, 0x04, 97, 98]],
    ['more than is allowed', [0xff, 0x7f]],
    ['a reference before the beginning', [8, 0x00, 97, 0x01, 2]],
    ['a reference to nothing', [8, 0x00, 97, 0x01, 0]],
    ['a cut literal', [4, 0x0c, 97]],
    ['a cut reference', [8, 0x00, 97, 0x02, 1]],
  ])('of %s is refused', (_what, bytes) => {
    expect(refusal(() => unpack(...bytes)).code).toBe('snappy');
  });
});
