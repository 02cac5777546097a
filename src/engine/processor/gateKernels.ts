// Emits the kernels on the processor of encoders with gated feed-forward blocks and rotary positions.
import type { ModuleBuilder } from '../assembly/assembler.ts';
import { f32, f32x4, i32, v128, type Value } from '../assembly/instructions.ts';
import { ACTIVATIONS } from '../../model/config/encoderSizes.ts';
import { activated } from './elementKernels.ts';
import { defineKernel, dropped, DROPPING, droppingOf } from './rowKernels.ts';
import type { VectorMath } from './vectorMath.ts';

const ZERO = i32.const(0);
const words = (count: Value): Value => i32.shl(count, i32.const(2));

/** Feed-forward blocks with a gate: out = dropout(activation(x) * gate). Units are vectors of four. */
function defineGates(module: ModuleBuilder, math: VectorMath): void {
  const numbers = { ...DROPPING, x: 'i32', gate: 'i32', out: 'i32', dGate: 'i32' } as const;
  for (const activation of ACTIVATIONS) {
    for (const back of [false, true]) {
      /** Backward turns `out` from the gradient of the result into that of x, and writes that of the gate. */
      defineKernel(module, `${activation} gated ${back ? 'backward' : 'forward'}`, numbers, (f, given) => {
        const { from, to, threshold } = given;
        const unit = f.variable('i32');
        const drop = droppingOf(f, given);
        f.loop(unit, from, to, 1, () => {
          const at = f.keep(i32.shl(unit, i32.const(4)));
          const x = f.keep(v128.load(i32.add(given.x, at)));
          const gate = f.keep(v128.load(i32.add(given.gate, at)));
          const place = f.keep(i32.add(given.out, at));
          const { value, slope } = activated(f, math, activation, x);
          if (!back) {
            f.store(place, dropped(f, threshold, drop, f32x4.mul(value, gate), words(unit)));
            return;
          }
          const gradient = dropped(f, threshold, drop, v128.load(place), words(unit));
          f.store(i32.add(given.dGate, at), f32x4.mul(value, gradient));
          f.store(place, f32x4.mul(f32x4.mul(slope(), gate), gradient));
        });
      });
    }
  }
}

/** Turns the pairs of columns of queries and keys by the angles of their position. Units are rows of both. */
function defineRotary(module: ModuleBuilder): void {
  const lengths = { rows: 'i32', pieces: 'i32', heads: 'i32', half: 'i32', stride: 'i32', sign: 'f32' } as const;
  const numbers = { ...lengths, cosines: 'i32', sines: 'i32', qkv: 'i32' } as const;
  defineKernel(module, 'rotary', numbers, (f, given) => {
    const { from, to, rows, pieces, heads, half, stride, sign } = given;
    const [unit, head, k] = [f.variable('i32'), f.variable('i32'), f.variable('i32')];
    const bytes = f.keep(words(half));
    f.loop(unit, from, to, 1, () => {
      const row = f.keep(i32.remainder(unit, rows));
      const angle = f.keep(i32.mul(i32.remainder(row, pieces), bytes));
      const start = i32.mul(row, i32.mul(heads, i32.shl(bytes, i32.const(1))));
      const at = f.keep(i32.add(i32.add(given.qkv, i32.mul(i32.divide(unit, rows), stride)), start));
      f.loop(head, ZERO, heads, 1, () => {
        f.loop(k, ZERO, bytes, 4, () => {
          const first = f.keep(i32.add(at, k));
          const second = f.keep(i32.add(first, bytes));
          const cosine = f.keep(f32.load(i32.add(i32.add(given.cosines, angle), k)));
          const sine = f.keep(f32.mul(sign, f32.load(i32.add(i32.add(given.sines, angle), k))));
          const [x, y] = [f.keep(f32.load(first)), f.keep(f32.load(second))];
          f.store(first, f32.sub(f32.mul(x, cosine), f32.mul(y, sine)));
          f.store(second, f32.add(f32.mul(y, cosine), f32.mul(x, sine)));
        });
        f.advance(at, i32.shl(bytes, i32.const(1)));
      });
    });
  });
}

export function defineGateKernels(module: ModuleBuilder, math: VectorMath): void {
  defineGates(module, math);
  defineRotary(module);
}
