// Reads a Python pickle as plain data: names in it are looked up only in a table given by the caller.
import { LabError } from '../../util/labError.ts';

/**
 * null, boolean, number, bigint, string; arrays for tuples and lists; Maps for dicts; an InertObject for bytes and sets; and results
 * of the caller's functions.
 */
export type PickleValue = unknown;

/** A name that a pickle may refer to. */
export class PickleGlobal {
  readonly name: string;
  /** Returns the value of a call with these arguments; without it the name cannot be called. */
  readonly call: ((given: readonly PickleValue[]) => PickleValue) | null;

  constructor(name: string, call: PickleGlobal['call'] = null) {
    this.name = name;
    this.call = call;
  }
}

/** An object whose content is not needed: what the pickle puts into it is dropped. */
export class InertObject {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** An object of a class that the caller reads: its attributes, as the pickle sets them. */
export class PickledObject {
  attributes: PickleValue = null;
}

export interface PickleNames {
  /** Resolves `module name`; undefined refuses the pickle. */
  global(name: string): PickleGlobal | undefined;
  /** Resolves a persistent id. */
  persistent(id: PickleValue): PickleValue;
  /** Reads bytes; where absent, they are an InertObject. */
  bytes?(content: Uint8Array): PickleValue;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');
const mark = Symbol('mark');

/**
 * Reads the pickle that begins at byte `at`, protocols 2 to 5; returns its value and the offset of the byte after it. Opcodes that
 * no state dict uses (instances, extensions, buffers) are refused. Throws LabError `torch/pickle`.
 */
export function readPickle(
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  names: PickleNames,
): { readonly value: PickleValue; readonly end: number } {
  const machine = new PickleMachine(bytes, at, names);
  while (!machine.isDone) machine.step();
  return { value: machine.pop(), end: machine.at };
}

class PickleMachine {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #names: PickleNames;
  readonly #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();
  at: number;
  isDone = false;

  constructor(bytes: Uint8Array<ArrayBuffer>, at: number, names: PickleNames) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#names = names;
    this.at = at;
  }

  pop(): PickleValue {
    if (this.#stack.length === 0 || this.#stack.at(-1) === mark) throw broken('a value on the stack', 'none');
    return this.#stack.pop();
  }

  /** Executes one opcode. */
  step(): void {
    const opcode = String.fromCharCode(this.#unsigned(1));
    const stack = this.#stack;
    switch (opcode) {
      case '\x80': // PROTO
        this.#expectProtocol(this.#unsigned(1));
        return;
      case '\x95': // FRAME
        this.#take(8);
        return;
      case '.': // STOP
        this.isDone = true;
        return;
      case '(': // MARK
        stack.push(mark);
        return;
      case '0': // POP
        this.pop();
        return;
      case 'N': // NONE
        stack.push(null);
        return;
      case '\x88': // NEWTRUE
        stack.push(true);
        return;
      case '\x89': // NEWFALSE
        stack.push(false);
        return;
      case 'J': // BININT
        stack.push(this.#view.getInt32(this.#take(4), true));
        return;
      case 'K': // BININT1
        stack.push(this.#unsigned(1));
        return;
      case 'M': // BININT2
        stack.push(this.#unsigned(2));
        return;
      case '\x8a': // LONG1
        stack.push(this.#integer(this.#unsigned(1)));
        return;
      case 'G': // BINFLOAT
        stack.push(this.#view.getFloat64(this.#take(8), false));
        return;
      case 'X': // BINUNICODE
        stack.push(this.#text(this.#unsigned(4), utf8));
        return;
      case '\x8c': // SHORT_BINUNICODE
        stack.push(this.#text(this.#unsigned(1), utf8));
        return;
      case 'T': // BINSTRING, as written by Python 2
        stack.push(this.#text(this.#unsigned(4), latin1));
        return;
      case 'U': // SHORT_BINSTRING
        stack.push(this.#text(this.#unsigned(1), latin1));
        return;
      case 'B': // BINBYTES
      case 'C': // SHORT_BINBYTES
        stack.push(this.#bytesOf(this.#unsigned(opcode === 'B' ? 4 : 1)));
        return;
      case '\x8f': // EMPTY_SET
        stack.push(new InertObject('set'));
        return;
      case '\x91': // FROZENSET
        this.#popMarked();
        stack.push(new InertObject('frozenset'));
        return;
      case '\x90': // ADDITEMS
        this.#append(this.#popMarked());
        return;
      case ')': // EMPTY_TUPLE
      case ']': // EMPTY_LIST
        stack.push([]);
        return;
      case 't': // TUPLE
        stack.push(this.#popMarked());
        return;
      case '\x85': // TUPLE1
      case '\x86': // TUPLE2
      case '\x87': // TUPLE3
        stack.push(this.#popSome(opcode.charCodeAt(0) - 0x84));
        return;
      case 'a': // APPEND
        this.#append([this.pop()]);
        return;
      case 'e': // APPENDS
        this.#append(this.#popMarked());
        return;
      case '}': // EMPTY_DICT
        stack.push(new Map());
        return;
      case 's': // SETITEM
        this.#setItems(this.#popSome(2));
        return;
      case 'u': // SETITEMS
        this.#setItems(this.#popMarked());
        return;
      case 'q': // BINPUT
        this.#memo.set(this.#unsigned(1), this.#top());
        return;
      case 'r': // LONG_BINPUT
        this.#memo.set(this.#unsigned(4), this.#top());
        return;
      case '\x94': // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 'h': // BINGET
        stack.push(this.#remembered(this.#unsigned(1)));
        return;
      case 'j': // LONG_BINGET
        stack.push(this.#remembered(this.#unsigned(4)));
        return;
      case 'c': // GLOBAL
        stack.push(this.#global(this.#line(), this.#line()));
        return;
      case '\x93': {
        // STACK_GLOBAL
        const [module, name] = this.#popSome(2);
        stack.push(this.#global(module, name));
        return;
      }
      case 'R': // REDUCE
      case '\x81': {
        // NEWOBJ
        const [named, given] = this.#popSome(2);
        stack.push(this.#call(named, given));
        return;
      }
      case 'b': {
        // BUILD: attributes of an object, or of an OrderedDict, such as torch's _metadata; not needed here.
        const [built, attributes] = this.#popSome(2);
        if (built instanceof PickledObject) built.attributes = attributes;
        else if (!(built instanceof Map || built instanceof InertObject))
          throw broken('attributes of an OrderedDict', 'attributes of something else');
        stack.push(built);
        return;
      }
      case 'Q': // BINPERSID
        stack.push(this.#names.persistent(this.pop()));
        return;
      default:
        throw broken('an opcode that state dicts have', `${JSON.stringify(opcode)} at byte ${this.at - 1}`);
    }
  }

  /** Advances past `count` bytes and returns where they begin. */
  #take(count: number): number {
    const from = this.at;
    if (from + count > this.#bytes.byteLength) {
      throw broken(
        `${count} bytes more at byte ${from}`,
        `${this.#bytes.byteLength - from}; the file may be truncated`,
      );
    }
    this.at += count;
    return from;
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    const from = this.#take(bytes);
    if (bytes === 1) return this.#view.getUint8(from);
    return bytes === 2 ? this.#view.getUint16(from, true) : this.#view.getUint32(from, true);
  }

  /** Reads a little-endian two's complement number; a bigint if a number would round it. */
  #integer(bytes: number): number | bigint {
    const from = this.#take(bytes);
    let value = 0n;
    for (let index = bytes - 1; index >= 0; index--) value = (value << 8n) | BigInt(this.#view.getUint8(from + index));
    value = BigInt.asIntN(8 * bytes, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  #text(bytes: number, decoder: TextDecoder): string {
    const from = this.#take(bytes);
    try {
      return decoder.decode(this.#bytes.subarray(from, this.at));
    } catch (cause) {
      throw broken('text in UTF-8', 'other bytes', cause);
    }
  }

  #bytesOf(count: number): PickleValue {
    const from = this.#take(count);
    return this.#names.bytes?.(this.#bytes.subarray(from, this.at)) ?? new InertObject('bytes');
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end < 0) throw broken('a line of text', 'the end of the file');
    const line = this.#text(end - this.at, utf8);
    this.at = end + 1;
    return line;
  }

  #top(): PickleValue {
    const top = this.#stack.at(-1);
    if (top === undefined || top === mark) throw broken('a value on the stack', 'none');
    return top;
  }

  #popSome(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  /** Pops the values above the last mark, and the mark. */
  #popMarked(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw broken('a mark on the stack', 'none');
    return this.#stack.splice(at).slice(1);
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#top();
    if (list instanceof InertObject) return;
    if (!Array.isArray(list)) throw broken('a list', typeof list);
    for (const value of values) list.push(value);
  }

  #setItems(keysAndValues: readonly PickleValue[]): void {
    const dict = this.#top();
    if (dict instanceof InertObject) return;
    if (!(dict instanceof Map) || keysAndValues.length % 2 !== 0)
      throw broken('a dict with keys and values', typeof dict);
    for (let index = 0; index < keysAndValues.length; index += 2)
      dict.set(keysAndValues[index], keysAndValues[index + 1]);
  }

  #remembered(key: number): PickleValue {
    if (!this.#memo.has(key)) throw broken('a remembered value', `none under ${key}`);
    return this.#memo.get(key);
  }

  #global(module: PickleValue, name: PickleValue): PickleGlobal {
    const full =
      typeof module === 'string' && typeof name === 'string' ? `${module} ${name}` : 'a name that is no text';
    const found = this.#names.global(full);
    if (found !== undefined) return found;
    throw new LabError('torch/pickle', 'The file asks for more than weights; nothing in it was run.', {
      expected: 'tensors in a dict and nothing else, as torch.save(model.state_dict(), …) writes them',
      got: full.slice(0, 200),
    });
  }

  #call(named: PickleValue, given: PickleValue): PickleValue {
    if (!(named instanceof PickleGlobal) || named.call === null || !Array.isArray(given)) {
      throw broken('a function and its arguments', named instanceof PickleGlobal ? named.name : typeof named);
    }
    return named.call(given as PickleValue[]);
  }

  #expectProtocol(protocol: number): void {
    if (protocol < 2 || protocol > 5) throw broken('a pickle of protocol 2 to 5', String(protocol));
  }
}

function broken(expected: string, got: string, cause?: unknown): LabError {
  return new LabError('torch/pickle', 'The pickle in a PyTorch file is broken or of another kind.', {
    expected,
    got,
    cause,
  });
}
