// Runs LSTMs on the processor, forward and back through time: the recurrent kernel is packed once for all steps, which tfjs would do at each.
import { ModuleBuilder, MOST_PAGES, PAGE_BYTES, type FunctionBody, type Local } from '../assembly/assembler.ts';
import { f32x4, i32, v128, type Value } from '../assembly/instructions.ts';
import { defineProductKernels, productScratchBytes, type ProductKernels } from './productKernels.ts';
import { PANEL_BYTES } from './productTiles.ts';
import { defineKernel } from './rowKernels.ts';
import { hyperbolicTangent, logistic, vectorMath, type VectorMath } from './vectorMath.ts';

const ZERO = i32.const(0);
const ONE = f32x4.const(1);
const words = (count: Value): Value => i32.shl(count, i32.const(2));
const slope = (gate: Value): Value => f32x4.mul(gate, f32x4.sub(ONE, gate));
const slopeOfTangent = (value: Value): Value => f32x4.sub(ONE, f32x4.mul(value, value));

type Named<Name extends string> = Readonly<Record<Name, Local>>;

/** Sizes and places of both kernels; sizes h are multiples of four, and `packed` has room for the panels of one direction's U. */
const RECURRENT = { steps: 'i32', batch: 'i32', hidden: 'i32', gates: 'i32', recurrent: 'i32', cells: 'i32', packed: 'i32' } as const; // prettier-ignore

/** Bytes of a row of states, of a row of gates, of a step's states, and of a direction's U. */
function strides(
  f: FunctionBody,
  { batch, hidden }: Named<'batch' | 'hidden'>,
): Named<'stateBytes' | 'gateBytes' | 'stepBytes' | 'kernelBytes'> {
  const stateBytes = f.keep(words(hidden));
  const gateBytes = f.keep(words(stateBytes));
  return {
    stateBytes,
    gateBytes,
    stepBytes: f.keep(i32.mul(batch, stateBytes)),
    kernelBytes: f.keep(i32.mul(hidden, gateBytes)),
  };
}

/** Emits `body` for each vector of four of a step's rows: how far its state is from the step's start, and the places of its gates i, f, g, o. */
function eachVector(
  f: FunctionBody,
  { batch, stateBytes, z }: Named<'batch' | 'stateBytes' | 'z'>,
  body: (state: Local, gates: readonly [Local, Local, Local, Local]) => void,
): void {
  const [row, column] = [f.variable('i32'), f.variable('i32')];
  f.loop(row, ZERO, batch, 1, () => {
    const start = f.keep(i32.mul(row, stateBytes));
    f.loop(column, ZERO, stateBytes, 16, () => {
      const input = f.keep(i32.add(z, i32.add(words(start), column)));
      const forget = f.keep(i32.add(input, stateBytes));
      const cell = f.keep(i32.add(forget, stateBytes));
      body(f.keep(i32.add(start, column)), [input, forget, cell, f.keep(i32.add(cell, stateBytes))]);
    });
  });
}

/**
 * Units are directions. z = x W + b + h' U, in place of x W + b [D, S, B, 4h], becomes the gates i, f, g, o; cells and states [D, S + 1, B, h]
 * begin with zeros.
 */
function defineForward(module: ModuleBuilder, math: VectorMath, { packRows, products }: ProductKernels): void {
  defineKernel(module, 'forward', { ...RECURRENT, states: 'i32' }, (f, given) => {
    const { from, to, steps, batch, hidden, gates, recurrent, cells, packed, states } = given;
    const [direction, step] = [f.variable('i32'), f.variable('i32')];
    const { stateBytes, gateBytes, stepBytes, kernelBytes } = strides(f, given);
    const columns = f.keep(words(hidden));
    const panelBytes = f.keep(i32.mul(hidden, i32.const(PANEL_BYTES)));
    f.loop(direction, from, to, 1, () => {
      const first = f.keep(i32.mul(direction, i32.mul(steps, stepBytes)));
      const z = f.keep(i32.add(gates, words(first)));
      const before = f.keep(i32.add(first, i32.mul(direction, stepBytes)));
      const u = i32.add(recurrent, i32.mul(direction, kernelBytes));
      f.call(packRows, u, gateBytes, hidden, columns, packed, panelBytes);
      f.loop(step, ZERO, steps, 1, () => {
        const state = f.keep(i32.add(states, before));
        f.when(step, () =>
          f.call(products, state, stateBytes, packed, panelBytes, hidden, batch, columns, z, gateBytes, i32.const(1)),
        );
        eachVector(f, { batch, stateBytes, z }, (at, [input, forget, cell, output]) => {
          const i = f.keep(logistic(f, math, v128.load(input)));
          const share = f.keep(logistic(f, math, v128.load(forget)));
          const g = f.keep(hyperbolicTangent(f, math, v128.load(cell)));
          const o = f.keep(logistic(f, math, v128.load(output)));
          const old = f.keep(i32.add(i32.add(cells, before), at));
          const c = f.keep(f32x4.add(f32x4.mul(share, v128.load(old)), f32x4.mul(i, g)));
          for (const [place, gate] of [[input, i], [forget, share], [cell, g], [output, o]] as const) f.store(place, gate); // prettier-ignore
          f.store(i32.add(old, stepBytes), c);
          f.store(i32.add(i32.add(state, stepBytes), at), f32x4.mul(o, hyperbolicTangent(f, math, c)));
        });
        f.advance(before, stepBytes);
        f.advance(z, words(stepBytes));
      });
    });
  });
}

/** Units are directions. The gates become the gradient of z, and `upstream` [D, S, B, h] that of the states; `carry` is room for B rows. */
function defineBackward(module: ModuleBuilder, math: VectorMath, { packTransposed, products }: ProductKernels): void {
  defineKernel(module, 'backward', { ...RECURRENT, upstream: 'i32', carry: 'i32' }, (f, given) => {
    const { from, to, steps, batch, hidden, gates, recurrent, cells, packed, upstream, carry } = given;
    const [direction, step] = [f.variable('i32'), f.variable('i32')];
    const { stateBytes, gateBytes, stepBytes, kernelBytes } = strides(f, given);
    const inner = f.keep(words(hidden));
    const panelBytes = f.keep(i32.mul(inner, i32.const(PANEL_BYTES)));
    f.loop(direction, from, to, 1, () => {
      // From behind the last step of this direction.
      const end = f.keep(i32.mul(i32.add(direction, i32.const(1)), i32.mul(steps, stepBytes)));
      const z = f.keep(i32.add(gates, words(end)));
      const dh = f.keep(i32.add(upstream, end));
      const after = f.keep(i32.add(i32.add(cells, end), i32.mul(direction, stepBytes)));
      const u = i32.add(recurrent, i32.mul(direction, kernelBytes));
      f.call(packTransposed, u, gateBytes, inner, hidden, packed, panelBytes);
      eachVector(f, { batch, stateBytes, z }, (at) => f.store(i32.add(carry, at), f32x4.const(0)));
      f.loop(step, ZERO, steps, 1, () => {
        f.set(z, i32.sub(z, words(stepBytes)));
        f.set(dh, i32.sub(dh, stepBytes));
        eachVector(f, { batch, stateBytes, z }, (at, places) => {
          const [i, share, g, o] = places.map((place) => f.keep(v128.load(place))) as [Local, Local, Local, Local];
          const c = f.keep(i32.add(after, at));
          const squashed = f.keep(hyperbolicTangent(f, math, v128.load(c)));
          const upward = f.keep(v128.load(i32.add(dh, at)));
          const carried = f.keep(i32.add(carry, at));
          const through = f32x4.mul(f32x4.mul(upward, o), slopeOfTangent(squashed));
          const dc = f.keep(f32x4.add(v128.load(carried), through));
          const [input, forget, cell, output] = places;
          f.store(input, f32x4.mul(f32x4.mul(dc, g), slope(i)));
          f.store(forget, f32x4.mul(f32x4.mul(dc, v128.load(i32.sub(c, stepBytes))), slope(share)));
          f.store(cell, f32x4.mul(f32x4.mul(dc, i), slopeOfTangent(g)));
          f.store(output, f32x4.mul(f32x4.mul(upward, squashed), slope(o)));
          f.store(carried, f32x4.mul(dc, share));
        });
        f.set(after, i32.sub(after, stepBytes));
        f.when(i32.less(step, i32.sub(steps, i32.const(1))), () => {
          const previous = i32.sub(dh, stepBytes);
          f.call(products, z, gateBytes, packed, panelBytes, inner, batch, hidden, previous, stateBytes, i32.const(1));
        });
      });
    });
  });
}

/** D directions of S steps of B rows with h states. */
export interface LstmSizes {
  readonly directions: number;
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
}

/** Gates i, f, g, o [D, S, B, 4h]; cells and states [D, S + 1, B, h], which begin with zeros. */
export interface LstmSaved {
  readonly gates: Float32Array;
  readonly cells: Float32Array;
  readonly states: Float32Array;
}

type Kernels = Readonly<Record<'forward' | 'backward' | 'matmul', (...numbers: number[]) => void>>;

/** The last number of a kernel; these get a place for panels by name. */
const NO_SCRATCH = 0;

/** The kernels with their memory, which grows to what the longest batch needs. Multiply-adds round twice, so that bits are the same everywhere. */
export class LstmKernels {
  readonly #memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES });
  readonly #kernels: Kernels;

  constructor() {
    const module = new ModuleBuilder({ shared: false });
    const math = vectorMath(false);
    const products = defineProductKernels(module, math);
    defineForward(module, math, products);
    defineBackward(module, math, products);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), {
      env: { memory: this.#memory },
    });
    this.#kernels = instance.exports as Kernels;
  }

  /** Writes to `out` what x W + b [D, S, B, 4h] and U [D, h, 4h] give. */
  forward(x: Float32Array, recurrent: Float32Array, sizes: LstmSizes, out: LstmSaved): void {
    const { directions: D, steps: S, batch: B, hidden } = sizes;
    const h = paddedSize(hidden);
    const [gates = 0, u = 0, cells = 0, states = 0, packed = 0] = this.#allocate(
      D * S * B * 4 * h,
      D * h * 4 * h,
      D * (S + 1) * B * h,
      D * (S + 1) * B * h,
      h * 4 * h + 8 * h,
    );
    this.#write(gates, x, hidden);
    this.#writeKernels(u, recurrent, sizes);
    for (const region of [cells, states]) {
      for (let direction = 0; direction < D; direction++) {
        this.#numbers(region + direction * (S + 1) * B * h * 4, B * h).fill(0);
      }
    }
    this.#kernels.forward(0, D, S, B, h, gates, u, cells, packed, states, NO_SCRATCH);
    this.#read(gates, out.gates, hidden);
    this.#read(cells, out.cells, hidden);
    this.#read(states, out.states, hidden);
  }

  /** Writes the gradients of x W + b [D, S, B, 4h] and U [D, h, 4h] from that of the states [D, S, B, h]. */
  backward(
    upstream: Float32Array,
    recurrent: Float32Array,
    saved: LstmSaved,
    sizes: LstmSizes,
    out: { readonly x: Float32Array; readonly recurrent: Float32Array },
  ): void {
    const { directions: D, steps: S, batch: B, hidden } = sizes;
    const h = paddedSize(hidden);
    const [gates = 0, u = 0, cells = 0, states = 0, dh = 0, carry = 0, no = 0, packed = 0] = this.#allocate(
      D * S * B * 4 * h,
      D * h * 4 * h,
      D * (S + 1) * B * h,
      D * (S + 1) * B * h,
      D * S * B * h,
      B * h,
      4,
      Math.max(h * 4 * h + 8 * 4 * h, productScratchBytes(4 * h) / 4),
    );
    this.#write(gates, saved.gates, hidden);
    this.#writeKernels(u, recurrent, sizes);
    this.#write(cells, saved.cells, hidden);
    this.#write(states, saved.states, hidden);
    this.#write(dh, upstream, hidden);
    this.#kernels.backward(0, D, S, B, h, gates, u, cells, packed, dh, carry, NO_SCRATCH);
    this.#read(gates, out.x, hidden);
    // dU = h'ᵀ dz over all steps and rows, to the place of U.
    this.#numbers(no, 1).fill(0);
    const strides = [(S + 1) * B * h, S * B * 4 * h, h * 4 * h].map((count) => count * 4);
    const [TRANSPOSED_FIRST, BY_ROWS, PAIRS] = [2, 0, 1];
    this.#kernels.matmul(0, h, TRANSPOSED_FIRST, BY_ROWS, 4 * h, S * B, h, PAIRS, D, ...strides, states, gates, u, no, packed); // prettier-ignore
    for (let direction = 0; direction < D; direction++) {
      const own = out.recurrent.subarray(direction * hidden * 4 * hidden, (direction + 1) * hidden * 4 * hidden);
      this.#read(u + direction * h * 4 * h * 4, own, hidden);
    }
  }

  /** Byte addresses of regions, one for each count of numbers. */
  #allocate(...counts: readonly number[]): number[] {
    let usedBytes = 0;
    const addresses = counts.map((count) => {
      const address = usedBytes;
      usedBytes += Math.ceil(count / 4) * 16;
      return address;
    });
    const missing = usedBytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    return addresses;
  }

  #numbers(address: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, count);
  }

  /** Rows of `width` numbers, each filled up with zeros to a multiple of four. */
  #write(address: number, from: Float32Array, width: number): void {
    const padded = paddedSize(width);
    const to = this.#numbers(address, (from.length / width) * padded);
    if (padded !== width) to.fill(0);
    copyRows(from, width, to, padded);
  }

  #read(address: number, to: Float32Array, width: number): void {
    const padded = paddedSize(width);
    copyRows(this.#numbers(address, (to.length / width) * padded), padded, to, width);
  }

  /** Kernels U, each filled up with rows of zeros, too. */
  #writeKernels(address: number, recurrent: Float32Array, { directions, hidden }: LstmSizes): void {
    const [own, padded] = [hidden * 4 * hidden, paddedSize(hidden) * 4 * paddedSize(hidden)];
    if (own !== padded) this.#numbers(address, directions * padded).fill(0);
    for (let direction = 0; direction < directions; direction++) {
      this.#write(address + direction * padded * 4, recurrent.subarray(direction * own, (direction + 1) * own), hidden);
    }
  }
}

/** Vectors have four numbers. */
function paddedSize(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Copies rows into rows that may be wider or narrower: as many columns as both have. */
function copyRows(from: Float32Array, fromWidth: number, to: Float32Array, toWidth: number): void {
  if (fromWidth === toWidth) {
    to.set(from);
    return;
  }
  const width = Math.min(fromWidth, toWidth);
  for (let row = 0; row * toWidth < to.length; row++) to.set(from.subarray(row * fromWidth, row * fromWidth + width), row * toWidth); // prettier-ignore
}
