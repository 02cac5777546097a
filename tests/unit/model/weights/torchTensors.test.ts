// Proves that PyTorch's files give the numbers torch saved, whatever their form and strides, and that a pickle runs nothing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { torchTensors } from '../../../../src/model/weights/torchTensors.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { modelFixture } from '../../../fixtures/modelFolders.ts';
import { joined } from '../../../fixtures/safetensorsFile.ts';

type Known = Record<string, { readonly shape: number[]; readonly values: number[] }>;
const known = JSON.parse(new TextDecoder().decode(modelFixture('bin-odd/known.json'))) as Known;

function refusal(read: () => unknown): LabError {
  try {
    read();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the file was read');
}

describe.each(['zip.bin', 'legacy.bin', 'protocol4.bin'])('%s', (file) => {
  const tensors = torchTensors(modelFixture(`bin-odd/${file}`));
  const readable = Object.entries(known).filter(([name]) => name !== 'integers');

  it.each(readable)('%s is as torch had it', (name, { shape, values }) => {
    const tensor = tensors.get(name);
    expect(tensor?.shape).toEqual(shape);
    expect(tensor?.read()).toEqual(Float32Array.from(values));
  });

  it('an element type that is not read is refused by name, and only when it is asked for', () => {
    expect(refusal(() => tensors.get('integers')?.read())).toMatchObject({ code: 'torch/type', got: 'I64' });
    expect([...tensors.keys()]).toEqual(Object.keys(known));
  });
});

describe('refused', () => {
  it.each([
    ['module.bin', 'torch/pickle', 'torch.nn.modules.linear Linear'],
    ['spread.bin', 'torch/tensor', 'sizes [1000] with strides [0] from 0'],
  ])('%s', (file, code, got) => {
    expect(refusal(() => torchTensors(modelFixture(`bin-odd/${file}`)))).toMatchObject({ code, got });
  });

  it('doubles', () => {
    const error = refusal(() => torchTensors(modelFixture('bin-odd/doubles.bin')).get('doubles')?.read());
    expect(error).toMatchObject({ code: 'torch/type', got: 'F64' });
  });
});

/** Pickles of the older form: magic number, protocol, an empty description of the system, then `content` and `rest`. */
const legacyHead = Uint8Array.from([
  ...[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e],
  ...[0x80, 2, 0x4d, 0xe9, 0x03, 0x2e],
  ...[0x80, 2, 0x7d, 0x2e],
]);
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const legacy = (content: string, rest = '\x80\x02].') => joined([legacyHead, latin1(content), latin1(rest)]);

describe('a pickle', () => {
  it('may be an empty dict', () => {
    expect(torchTensors(legacy('\x80\x02}.')).size).toBe(0);
  });

  it.each([
    ['a command of the system', '\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.'],
    ['a builtin', '\x80\x02cbuiltins\neval\n(X\x03\x00\x00\x001+1tR.'],
    ['the same by the stack', '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.'],
    ['a name of JavaScript', '\x80\x02cconstructor\nconstructor\n.'],
    ['a name made of other things', '\x80\x04}}\x93.'],
  ])('that asks for %s is refused with the name', (_what, content) => {
    const error = refusal(() => torchTensors(legacy(content)));
    expect(error.code).toBe('torch/pickle');
    expect(error.message).toContain('nothing in it was run');
    expect(error.got).toMatch(/^(os system|builtins eval|constructor constructor|a name that is no text)$/);
  });

  it.each([
    ['an instance', '\x80\x02(ios\nsystem\n.'],
    ['a call of a dict', '\x80\x02})R.'],
    ['a call of a storage', '\x80\x02ctorch\nFloatStorage\n)R.'],
    ['attributes of a list', '\x80\x02]}b.'],
    ['an extension', '\x80\x02\x82\x01.'],
    ['a value from nowhere', '\x80\x02h\x05.'],
    ['no value', '\x80\x02.'],
    ['no mark', '\x80\x02t.'],
    ['keys of a list', '\x80\x02]K\x01K\x02s.'],
    ['half an item', '\x80\x02}(K\x01u.'],
    ['protocol 1', '\x80\x01}.'],
    ['text that is not UTF-8', '\x80\x02X\x01\x00\x00\x00\xff.'],
    ['more text than there is', '\x80\x02X\xff\xff\xff\xffa.'],
    ['a tensor of a number', '\x80\x02ctorch._utils\n_rebuild_parameter\nK\x01\x85R.'],
    ['an id that is no storage', '\x80\x02K\x01Q.'],
    ['a number', '\x80\x02K\x01.'],
  ])('of %s is refused', (_what, content) => {
    const error = refusal(() => torchTensors(legacy(content)));
    expect(error.code).toMatch(/^torch\/(pickle|tensor)$/);
  });

  it('that holds itself many times over is refused as fast as any other', () => {
    // Thirty tuples, each containing the previous one twice: expanded, it would have a billion parts.
    const doubled = 'K\x01' + Array.from({ length: 30 }, (_, index) => `q${String.fromCharCode(index)}h${String.fromCharCode(index)}\x86`).join(''); // prettier-ignore
    for (const content of [
      `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(${doubled}K\x00${doubled}${doubled}tR.`,
      `\x80\x02${doubled}Q.`,
      `\x80\x02${doubled}.`,
    ]) {
      expect(refusal(() => torchTensors(legacy(content))).code).toMatch(/^torch\//);
    }
  });

  it('cannot change the sizes of a tensor that was checked', () => {
    // The list of sizes, memoised as 1, grows after the tensor was made from it.
    const content =
      '\x80\x02}X\x01\x00\x00\x00xctorch._utils\n_rebuild_tensor_v2\n(' +
      '(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00aX\x03\x00\x00\x00cpuK\x02tQ' +
      'K\x00](K\x02eq\x01]K\x01a\x89}tRh\x01J\xff\xff\xff\x7fa0s.';
    const rest = '\x80\x02]X\x01\x00\x00\x00aa.' + '\x02' + '\x00'.repeat(7) + '\x00\x00\x80\x3f\x00\x00\x00\x40';
    const tensor = torchTensors(legacy(content, rest)).get('x');
    expect(tensor?.shape).toEqual([2]);
    expect(tensor?.read()).toEqual(Float32Array.of(1, 2));
  });
});

/** Pickles a text, a float tensor of one number under a storage key, and a dict of such items. */
const text = (value: string) => `X${String.fromCharCode(value.length)}\x00\x00\x00${value}`;
const tensorOf = (key: string) =>
  `ctorch._utils\n_rebuild_tensor_v2\n((${text('storage')}ctorch\nFloatStorage\n${text(key)}${text('cpu')}K\x01tQK\x00K\x01\x85K\x01\x85\x89}tR`;
const dictOf = (items: Record<string, string>) =>
  `}(${Object.entries(items).map(([key, value]) => text(key) + value).join('')}u`; // prettier-ignore
/** The numbers 1, 2, … under the storage keys. */
const numbersAt = (...keys: readonly string[]) =>
  `\x80\x02](${keys.map(text).join('')}e.` +
  keys.map((_, index) => '\x01' + '\x00'.repeat(7) + String.fromCharCode(...new Uint8Array(Float32Array.of(index + 1).buffer))).join(''); // prettier-ignore

describe('what trainers save', () => {
  it('gives the weights of dicts inside it after their keys, whatever settings and counts are beside them', () => {
    const content = dictOf({
      state_dict: dictOf({ 'model.x': tensorOf('a'), inner: dictOf({ y: tensorOf('b') }) }),
      epoch: 'K\x03',
      loss: `cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n${text('f8')}\x89\x88\x87Rc_codecs\nencode\n${text('ab')}\x85RtR`,
      args: 'cargparse\nNamespace\n)\x81' + dictOf({ seed: 'K\x01' }) + 'b',
      size: 'ctorch\nSize\n]K\x01a\x85R',
      groups: 'ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R',
      optimizer: dictOf({ state: '}(K\x00' + dictOf({ exp_avg: tensorOf('c') }) + 'u' }),
    });
    const tensors = torchTensors(legacy(`\x80\x02${content}.`, numbersAt('a', 'b', 'c')));
    expect([...tensors].map(([name, { read }]) => [name, read()[0]])).toEqual([
      ['state_dict.model.x', 1],
      ['state_dict.inner.y', 2],
    ]);
  });

  it('lists a dict that is under two keys, or in itself, once', () => {
    const shared = `${dictOf({ x: tensorOf('a') })}q\x01`;
    const twice = legacy(`\x80\x02${dictOf({ model: shared, best: 'h\x01' })}.`, numbersAt('a'));
    expect([...torchTensors(twice).keys()]).toEqual(['model.x']);
    const inItself = legacy(`\x80\x02}q\x01(${text('x')}${tensorOf('a')}${text('self')}h\x01u.`, numbersAt('a'));
    expect([...torchTensors(inItself).keys()]).toEqual(['x']);
  });

  it.each([
    ['the state of an optimizer', dictOf({ state: '}', param_groups: ']' })],
    ['the state of a learning rate scheduler', dictOf({ base_lrs: ']', last_epoch: 'K\x01' })],
    ['the state of random number generators', dictOf({ python: 'K\x01', cpu: tensorOf('a') })],
    ['the state of a gradient scaler', dictOf({ scale: 'K\x01', growth_factor: 'K\x02' })],
    ['something else', dictOf({ epoch: 'K\x01' })],
  ])('is called %s where it is no weights', (state, content) => {
    const error = refusal(() => torchTensors(legacy(`\x80\x02${content}.`, numbersAt(...(content.includes('storage') ? ['a'] : []))))); // prettier-ignore
    expect(error.code).toBe('torch/state');
    expect(error.message).toContain(state);
  });

  it('is refused for more tensors than any encoder and its states have', () => {
    // The arguments of a tensor, memoised once, and a hundred thousand and one tensors of them.
    const [head = '', args = ''] = tensorOf('a').split('\n(');
    const pair = `${head}\n`.replace('_rebuild_tensor_v2\n', '_rebuild_tensor_v2\nh\x01R0');
    const content = `\x80\x02(${args.slice(0, -1)}q\x010${pair.repeat(100_001)}}.`;
    const error = refusal(() => torchTensors(legacy(content, numbersAt('a'))));
    expect(error).toMatchObject({ code: 'torch/pickle', expected: 'at most 100000 tensors' });
  });

  it('may hold tensors of types that are not read, and refuses them by name only when they are needed', () => {
    const float8 =
      `ctorch._utils\n_rebuild_tensor_v3\n((${text('storage')}ctorch.storage\nUntypedStorage\n${text('b')}${text('cpu')}K\x01tQ` +
      'K\x00K\x01\x85K\x01\x85\x89}ctorch\nfloat8_e4m3fn\ntR';
    const content = dictOf({ x: tensorOf('a'), y: float8, z: 'ctorch._utils\n_rebuild_sparse_tensor\n)R' });
    const numbers = `${numbersAt('a', 'b').slice(0, -4)}\x07`;
    const tensors = torchTensors(legacy(`\x80\x02${content}.`, numbers));
    expect([...tensors.keys()]).toEqual(['x', 'y']);
    expect(tensors.get('x')?.read()).toEqual(Float32Array.of(1));
    expect(refusal(() => tensors.get('y')?.read())).toMatchObject({ code: 'torch/type', got: 'float8_e4m3fn' });
  });
});

describe('a file', () => {
  it('that is something else is refused with how it begins', () => {
    expect(refusal(() => torchTensors(latin1('hello'))).got).toBe('bytes 104 101 108 108');
    expect(refusal(() => torchTensors(new Uint8Array())).code).toBe('torch/archive');
    expect(refusal(() => torchTensors(latin1('PK'))).code).toBe('torch/archive');
  });

  it.each(['zip.bin', 'legacy.bin', 'protocol4.bin'])('%s is refused wherever it is cut', (file) => {
    const whole = modelFixture(`bin-odd/${file}`);
    for (let length = 0; length < whole.byteLength; length++) {
      const error = refusal(() => torchTensors(whole.slice(0, length)));
      expect(error.code, `cut to ${length}`).toMatch(/^torch\/(archive|pickle)$/);
    }
  });

  it.each(['zip.bin', 'legacy.bin', 'protocol4.bin'])('%s is read or refused whatever byte is changed', (file) => {
    const whole = modelFixture(`bin-odd/${file}`);
    const place = fc.integer({ min: 0, max: whole.byteLength - 1 });
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const altered = whole.slice();
        altered[at] = (altered[at] as number) ^ flip;
        try {
          for (const { shape, read } of torchTensors(altered).values()) {
            expect(read().length).toBe(shape.reduce((product, size) => product * size, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
