// Proves that the processor's memory gives out parts that never overlap, takes them back whole, and counts them; and what the assembler refuses.
import { describe, expect, it } from 'vitest';
import { ModuleBuilder } from '../../../../src/engine/assembly/assembler.ts';
import { f32, f32x4, i32, unsigned } from '../../../../src/engine/assembly/instructions.ts';
import { ProcessorMemory, type MemoryPart } from '../../../../src/engine/processor/processorMachine.ts';
import { Rng } from '../../../../src/util/random.ts';

describe('memory', () => {
  it('never gives out the same words twice, clears what it gives, and grows by no more than it needs', () => {
    const memory = new ProcessorMemory(false);
    const rng = Rng.seeded(1);
    const parts: { readonly part: MemoryPart; readonly mark: number }[] = [];
    for (let mark = 1; mark <= 400; mark++) {
      if (parts.length > 0 && rng.integer(2) === 0) {
        const [taken] = parts.splice(rng.integer(parts.length), 1);
        const { part, mark: own } = taken as (typeof parts)[number];
        const words = memory.integers.subarray(part.address / 4, (part.address + part.bytes) / 4);
        expect(words.every((word) => word === own)).toBe(true);
        memory.release(part);
        continue;
      }
      const part = memory.create('part', 1 + rng.integer(5000));
      const words = memory.integers.subarray(part.address / 4, (part.address + part.bytes) / 4);
      expect(words.every((word) => word === 0)).toBe(true);
      words.fill(mark);
      parts.push({ part, mark });
      expect(memory.bytes).toBe(parts.reduce((sum, { part: { bytes } }) => sum + bytes, 0));
    }
    for (const { part } of parts) memory.release(part);
    expect(memory.bytes).toBe(0);
    // All of it is one free part again.
    const grown = memory.memory.buffer.byteLength;
    memory.create('whole', (grown - 65536) / 4);
    expect(memory.memory.buffer.byteLength).toBe(grown);
    expect(memory.peakBytes).toBeLessThanOrEqual(grown);
  });

  it('says that it is full, by name, instead of growing beyond four gigabytes', () => {
    const memory = new ProcessorMemory(false);
    const whole = 2 ** 30;
    expect(() => memory.create('all of it', whole)).toThrow(
      expect.objectContaining({
        code: 'memory/full',
        message: expect.stringContaining('all of it') as string,
      }) as Error,
    );
    expect(memory.bytes).toBe(0);
  });
});

describe('the assembler', () => {
  it('refuses values of another type before the module is made', () => {
    const module = new ModuleBuilder({ shared: false });
    expect(() => i32.add(i32.const(1), f32.const(1))).toThrow('takes i32, not f32');
    expect(() => f32x4.add(f32.const(1), f32x4.const(1))).toThrow('takes v128, not f32');
    expect(() => module.define('wrong', ['i32'], null, (f, x) => {
      f.set(x, f32.const(1));
      return null;
    })).toThrow('a variable takes i32, not f32'); // prettier-ignore
  });

  it('writes integers as the format says', () => {
    expect(unsigned(624485)).toEqual([0xe5, 0x8e, 0x26]);
    expect(unsigned(0)).toEqual([0]);
    const module = new ModuleBuilder({ shared: false });
    const cases = [0, 63, 64, -64, -65, 127, 128, 2 ** 31 - 1, -(2 ** 31), 0x7fffff80];
    for (const [index, value] of cases.entries()) module.define(`f${index}`, [], 'i32', () => i32.const(value));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes()), { env: { memory } });
    expect(cases.map((_, index) => (exports[`f${index}`] as () => number)())).toEqual(cases);
  });
});
