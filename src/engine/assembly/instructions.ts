// The WebAssembly instructions that the processor's kernels use, as functions from typed values to typed values.
export type ValueType = 'i32' | 'f32' | 'v128';

/** An expression: code that leaves one value of a type on the stack. */
export interface Value {
  readonly type: ValueType;
  readonly code: readonly number[];
}

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const ends = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(ends ? low : low | 0x80);
    if (ends) return bytes;
  }
}

/** Throws if a value is not of the type that an instruction takes: the module would be refused as a whole. */
export function expectType(value: Value, type: ValueType, where: string): void {
  if (value.type !== type) throw new Error(`${where} takes ${type}, not ${value.type}`);
}

type Operation = (...operands: readonly Value[]) => Value;

function operation(opcode: readonly number[], result: ValueType, ...types: readonly ValueType[]): Operation {
  return (...operands) => {
    const where = `instruction ${opcode.join(' ')}`;
    if (operands.length !== types.length) throw new Error(`${where} takes ${types.length} operands`);
    for (const [at, operand] of operands.entries()) expectType(operand, types[at] as ValueType, where);
    return { type: result, code: [...operands.flatMap(({ code }) => code), ...opcode] };
  };
}

const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

const unary = (opcode: number, type: ValueType): Operation => operation([opcode], type, type);
const binary = (opcode: number, type: ValueType): Operation => operation([opcode], type, type, type);
const compares = (opcode: number, type: ValueType): Operation => operation([opcode], 'i32', type, type);
const vector1 = (opcode: number): Operation => operation(simd(opcode), 'v128', 'v128');
const vector2 = (opcode: number): Operation => operation(simd(opcode), 'v128', 'v128', 'v128');
const shifts = (opcode: number): Operation => operation(simd(opcode), 'v128', 'v128', 'i32');

/** Alignment hint (words of 4 bytes) and byte offset of a memory access. */
const access = (offset: number): number[] => [2, ...unsigned(offset)];

function load(opcode: readonly number[], type: ValueType): (address: Value, offset?: number) => Value {
  return (address, offset = 0) => {
    expectType(address, 'i32', 'a load');
    return { type, code: [...address.code, ...opcode, ...access(offset)] };
  };
}

const bytesOfFloat = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
const bytesOfWord = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

export const i32 = {
  const: (value: number): Value => ({ type: 'i32', code: [0x41, ...signed(value)] }),
  load: load([0x28], 'i32'),
  add: binary(0x6a, 'i32'),
  sub: binary(0x6b, 'i32'),
  mul: binary(0x6c, 'i32'),
  divide: binary(0x6e, 'i32'),
  remainder: binary(0x70, 'i32'),
  and: binary(0x71, 'i32'),
  or: binary(0x72, 'i32'),
  xor: binary(0x73, 'i32'),
  shl: binary(0x74, 'i32'),
  shr: binary(0x76, 'i32'),
  isZero: operation([0x45], 'i32', 'i32'),
  eq: compares(0x46, 'i32'),
  ne: compares(0x47, 'i32'),
  /** Signed. */
  lessSigned: compares(0x48, 'i32'),
  /** Unsigned, like the next. */
  less: compares(0x49, 'i32'),
  atLeast: compares(0x4f, 'i32'),
} as const;

const atomic = (opcode: number): number[] => [0xfe, opcode];

/** Orders memory between threads; the addresses are multiples of 4. */
export const atomics = {
  load: load(atomic(0x10), 'i32'),
  /** Adds to a word; the value is what it was before. */
  add: (address: Value, value: Value): Value => atomicOf(0x1e, address, value),
  /** Wakes up to a number of threads that wait for a word; the value is how many. */
  notify: (address: Value, count: Value): Value => atomicOf(0x00, address, count),
  /** Sleeps while a word is as expected, until it is notified. */
  wait: (address: Value, expected: Value): Value => {
    expectType(address, 'i32', 'a wait');
    expectType(expected, 'i32', 'a wait');
    const forever = [0x42, 0x7f];
    return { type: 'i32', code: [...address.code, ...expected.code, ...forever, ...atomic(0x01), ...access(0)] };
  },
} as const;

function atomicOf(opcode: number, address: Value, value: Value): Value {
  expectType(address, 'i32', 'an atomic access');
  expectType(value, 'i32', 'an atomic access');
  return { type: 'i32', code: [...address.code, ...value.code, ...atomic(opcode), ...access(0)] };
}

export const f32 = {
  const: (value: number): Value => ({ type: 'f32', code: [0x43, ...bytesOfFloat(value)] }),
  load: load([0x2a], 'f32'),
  add: binary(0x92, 'f32'),
  sub: binary(0x93, 'f32'),
  mul: binary(0x94, 'f32'),
  div: binary(0x95, 'f32'),
  max: binary(0x97, 'f32'),
  sqrt: unary(0x91, 'f32'),
  /** Of an unsigned integer. */
  fromInteger: operation([0xb3], 'f32', 'i32'),
} as const;

/** `yes` if the condition is not 0, else `no`; both are computed. */
export function select(yes: Value, no: Value, condition: Value): Value {
  expectType(condition, 'i32', 'select');
  expectType(no, yes.type, 'select');
  if (yes.type === 'v128') throw new Error('select chooses numbers; v128.bitselect chooses lanes');
  return { type: yes.type, code: [...yes.code, ...no.code, ...condition.code, 0x1b] };
}

export const v128 = {
  load: load(simd(0), 'v128'),
  /** One word in all lanes. */
  loadSplat: load(simd(9), 'v128'),
  and: vector2(78),
  /** The first without the bits of the second. */
  andNot: vector2(79),
  or: vector2(80),
  xor: vector2(81),
  /** Bits of the first where those of the third are 1, else of the second. */
  bitselect: operation(simd(82), 'v128', 'v128', 'v128', 'v128'),
  /** The four words that `lanes` name: 0 to 3 of the first operand, 4 to 7 of the second. */
  shuffle: (left: Value, right: Value, lanes: readonly [number, number, number, number]): Value => {
    const bytes = lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte));
    const { type, code } = operation(simd(13), 'v128', 'v128', 'v128')(left, right);
    return { type, code: [...code, ...bytes] };
  },
} as const;

const extractLane =
  (opcode: number, type: ValueType) =>
  (value: Value, lane: number): Value => {
    const { code } = operation(simd(opcode), type, 'v128')(value);
    return { type, code: [...code, lane] };
  };

export const f32x4 = {
  const: (value: number): Value => ({
    type: 'v128',
    code: [...simd(12), ...[0, 1, 2, 3].flatMap(() => bytesOfFloat(value))],
  }),
  splat: operation(simd(19), 'v128', 'f32'),
  lane: extractLane(31, 'f32'),
  less: vector2(67),
  greater: vector2(68),
  nearest: vector1(106),
  abs: vector1(224),
  neg: vector1(225),
  sqrt: vector1(227),
  add: vector2(228),
  sub: vector2(229),
  mul: vector2(230),
  div: vector2(231),
  /** The second if it is smaller (greater), else the first. */
  smaller: vector2(234),
  greaterOf: vector2(235),
  fromIntegers: vector1(250),
  relaxedMultiplyAdd: operation(simd(0x105), 'v128', 'v128', 'v128', 'v128'),
} as const;

export const i32x4 = {
  const: (...lanes: readonly [number, number, number, number]): Value => ({
    type: 'v128',
    code: [...simd(12), ...lanes.flatMap(bytesOfWord)],
  }),
  splat: operation(simd(17), 'v128', 'i32'),
  eq: vector2(55),
  /** Unsigned. */
  less: vector2(58),
  shl: shifts(171),
  shr: shifts(173),
  add: vector2(174),
  sub: vector2(177),
  mul: vector2(181),
  /** Towards zero, at the largest or smallest integer beyond it. */
  fromFloats: vector1(248),
  toFloats: vector1(250),
  /** Products of 64 bits of the first two lanes, and of the last two. */
  wideLow: vector2(222),
  wideHigh: vector2(223),
} as const;
