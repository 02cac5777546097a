// Assembles WebAssembly modules: functions written as TypeScript that emits their instructions.
import { expectType, i32, unsigned, type Value, type ValueType } from './instructions.ts';

/** A variable of a function, read as a value. */
export interface Local extends Value {
  readonly index: number;
}

/** A function of the module under construction. */
export interface FunctionHandle {
  readonly index: number;
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | null;
}

const TYPE_CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f32: 0x7d, v128: 0x7b };
const NOTHING = 0x40;

/** Writes the body of one function. */
export class FunctionBody {
  private readonly types: ValueType[];
  private code: number[] = [];
  private readonly parameterCount: number;

  constructor(parameters: readonly ValueType[]) {
    this.types = [...parameters];
    this.parameterCount = parameters.length;
  }

  parameters(): Local[] {
    return this.types.slice(0, this.parameterCount).map((type, index) => localOf(type, index));
  }

  /** A new variable; it keeps what it held before where its declaration is passed again. */
  variable(type: ValueType): Local {
    return localOf(type, this.types.push(type) - 1);
  }

  /** A new variable that holds a value. */
  keep(value: Value): Local {
    const local = this.variable(value.type);
    this.set(local, value);
    return local;
  }

  set(local: Local, value: Value): void {
    expectType(value, local.type, 'a variable');
    this.code.push(...value.code, 0x21, ...unsigned(local.index));
  }

  store(address: Value, value: Value, offset = 0): void {
    expectType(address, 'i32', 'a store');
    const opcodes: Partial<Record<ValueType, readonly number[]>> = { i32: [0x36], f32: [0x38], v128: [0xfd, 11] };
    const opcode = opcodes[value.type];
    if (opcode === undefined) throw new Error(`nothing stores ${value.type}`);
    this.code.push(...address.code, ...value.code, ...opcode, 2, ...unsigned(offset));
  }

  call(callee: FunctionHandle, ...values: readonly Value[]): void {
    if (callee.result !== null) throw new Error(`${callee.name} gives a value; keep it`);
    this.code.push(...callCode(callee, values));
  }

  when(condition: Value, then: () => void, otherwise?: () => void): void {
    expectType(condition, 'i32', 'a condition');
    this.code.push(...condition.code, 0x04, NOTHING);
    then();
    if (otherwise !== undefined) {
      this.code.push(0x05);
      otherwise();
    }
    this.code.push(0x0b);
  }

  /** Runs `body` while `counter`, unsigned, from `first` in steps of `step`, is less than `end`, which is computed each time. */
  loop(counter: Local, first: Value, end: Value, step: number, body: () => void): void {
    this.set(counter, first);
    this.when(i32.less(counter, end), () => {
      this.code.push(0x03, NOTHING);
      body();
      this.set(counter, i32.add(counter, i32.const(step)));
      this.code.push(...i32.less(counter, end).code, 0x0d, 0, 0x0b);
    });
  }

  /** Runs `body` again and again while a condition, computed each time, is not 0. */
  while(condition: Value, body: () => void): void {
    this.when(condition, () => {
      this.code.push(0x03, NOTHING);
      body();
      this.code.push(...condition.code, 0x0d, 0, 0x0b);
    });
  }

  /** Computes a value for its effect. */
  drop(value: Value): void {
    this.code.push(...value.code, 0x1a);
  }

  /** Stores a word so that threads that read it atomically see everything stored before. */
  storeAtomic(address: Value, value: Value): void {
    expectType(address, 'i32', 'a store');
    expectType(value, 'i32', 'a store');
    this.code.push(...address.code, ...value.code, 0xfe, 0x17, 2, 0);
  }

  /** Adds a number of bytes to an address. */
  advance(address: Local, by: Value | number): void {
    this.set(address, i32.add(address, typeof by === 'number' ? i32.const(by) : by));
  }

  /** Ends the body with its result, if any. */
  bytes(result: Value | null): number[] {
    const own = this.types.slice(this.parameterCount);
    const locals = own.flatMap((type) => [1, TYPE_CODES[type]]);
    const body = [...unsigned(own.length), ...locals, ...this.code, ...(result?.code ?? []), 0x0b];
    return [...unsigned(body.length), ...body];
  }
}

function localOf(type: ValueType, index: number): Local {
  return { type, index, code: [0x20, ...unsigned(index)] };
}

function callCode({ name, index, parameters }: FunctionHandle, values: readonly Value[]): number[] {
  if (values.length !== parameters.length) throw new Error(`${name} takes ${parameters.length} values`);
  for (const [at, value] of values.entries()) expectType(value, parameters[at] as ValueType, name);
  return [...values.flatMap(({ code }) => code), 0x10, ...unsigned(index)];
}

const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
const vectorOf = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];
const text = (words: string): number[] => {
  const bytes = new TextEncoder().encode(words);
  return [...unsigned(bytes.length), ...bytes];
};

/** Pages of 64 KB that a module of 32-bit addresses can have. */
export const MOST_PAGES = 65536;
/** Bytes of such a page. */
export const PAGE_BYTES = 65536;

/** A module that imports `env.memory`, and exports every function it defines. */
export class ModuleBuilder {
  private readonly types: number[][] = [];
  private readonly defined: { readonly handle: FunctionHandle; readonly bytes: number[] }[] = [];
  private readonly shared: boolean;

  constructor({ shared }: { readonly shared: boolean }) {
    this.shared = shared;
  }

  /** Defines a function; `write` emits its body, and gives its result if it has one. */
  define(
    name: string,
    parameters: readonly ValueType[],
    result: ValueType | null,
    write: (body: FunctionBody, ...parameters: Local[]) => Value | null,
  ): FunctionHandle {
    const body = new FunctionBody(parameters);
    const value = write(body, ...body.parameters());
    if ((value?.type ?? null) !== result) throw new Error(`${name} gives ${value?.type ?? 'nothing'}`);
    const handle = { index: this.defined.length, name, parameters, result };
    this.defined.push({ handle, bytes: body.bytes(value) });
    return handle;
  }

  /** The functions defined so far, in order. */
  get functions(): readonly FunctionHandle[] {
    return this.defined.map(({ handle }) => handle);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const { functions } = this;
    const limits = this.shared ? [3, 1, ...unsigned(MOST_PAGES)] : [1, 1, ...unsigned(MOST_PAGES)];
    const imports = [[...text('env'), ...text('memory'), 2, ...limits]];
    const declared = functions.map((handle) => unsigned(this.typeOf(handle)));
    const exported = functions.map(({ name, index }) => [...text(name), 0, ...unsigned(index)]);
    return Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, vectorOf(this.types)),
      ...section(2, vectorOf(imports)),
      ...section(3, vectorOf(declared)),
      ...section(7, vectorOf(exported)),
      ...section(10, vectorOf(this.defined.map(({ bytes }) => bytes))),
    ]);
  }

  private typeOf({ parameters, result }: FunctionHandle): number {
    const codes = (types: readonly ValueType[]): number[] => [
      ...unsigned(types.length),
      ...types.map((type) => TYPE_CODES[type]),
    ];
    const type = [0x60, ...codes(parameters), ...codes(result === null ? [] : [result])];
    const known = this.types.findIndex((other) => other.join() === type.join());
    return known >= 0 ? known : this.types.push(type) - 1;
  }
}
