// Assembles and starts the processor's module: every kernel, for the instructions that this machine has.
import { ModuleBuilder } from '../assembly/assembler.ts';
import { f32x4, v128, type Value } from '../assembly/instructions.ts';
import { defineAttentionBackward } from './attentionBackward.ts';
import { defineAttention } from './attentionKernels.ts';
import { defineElementKernels } from './elementKernels.ts';
import { defineProductKernels } from './productKernels.ts';
import { defineRowKernels } from './rowKernels.ts';
import { vectorMath } from './vectorMath.ts';

/** A kernel: its units from one to another, its numbers, and an address of scratch memory. */
export type ProcessorKernel = (from: number, to: number, ...numbers: number[]) => void;

/** Whether a module of one function with an instruction is valid here. */
function isValid(instruction: (x: Value) => Value): boolean {
  const probe = new ModuleBuilder({ shared: false });
  probe.define('probe', ['i32'], null, (f, address) => {
    f.store(address, instruction(v128.load(address)));
    return null;
  });
  return WebAssembly.validate(probe.bytes());
}

export interface ProcessorFeatures {
  /** Vectors of four numbers; without them there is no module. */
  readonly vectors: boolean;
  /** Multiply-adds that round once. */
  readonly relaxed: boolean;
}

export function processorFeatures(): ProcessorFeatures {
  return {
    vectors: isValid((x) => f32x4.add(x, x)),
    relaxed: isValid((x) => f32x4.relaxedMultiplyAdd(x, x, x)),
  };
}

function processorModuleBytes(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder({ shared: false });
  const logarithm = module.import('log', ['f64'], 'f64');
  const math = vectorMath(relaxed);
  const products = defineProductKernels(module, math);
  for (const relative of [true, false]) {
    defineAttention(module, math, products, logarithm, relative);
    defineAttentionBackward(module, math, products, relative);
  }
  defineRowKernels(module, math);
  defineElementKernels(module, math);
  return module.bytes();
}

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** Compiles the module, once for each kind of multiply-add. */
export function compileProcessorModule({ relaxed }: Pick<ProcessorFeatures, 'relaxed'>): Promise<WebAssembly.Module> {
  const known = compiled.get(relaxed) ?? WebAssembly.compile(processorModuleBytes(relaxed));
  compiled.set(relaxed, known);
  return known;
}

/** Starts the module on a memory; returns its kernels by name. */
export function startProcessorModule(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): ReadonlyMap<string, ProcessorKernel> {
  const instance = new WebAssembly.Instance(module, { env: { memory, log: Math.log } });
  return new Map(Object.entries(instance.exports) as [string, ProcessorKernel][]);
}
