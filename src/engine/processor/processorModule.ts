// Assembles and starts the processor's module: every kernel, for the instructions that this machine has.
import { ModuleBuilder, type FunctionHandle } from '../assembly/assembler.ts';
import { f32x4, v128, type Value, type ValueType } from '../assembly/instructions.ts';
import { defineAttentionBackward } from './attentionBackward.ts';
import { defineAttention } from './attentionKernels.ts';
import { defineDisentangled, defineDisentangledBackward } from './disentangledKernels.ts';
import { defineElementKernels } from './elementKernels.ts';
import { defineGateKernels } from './gateKernels.ts';
import { defineProductKernels } from './productKernels.ts';
import { defineRowKernels } from './rowKernels.ts';
import { defineThreads } from './threadKernels.ts';
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

interface ModuleOptions {
  /** Multiply-adds that round once. */
  readonly relaxed: boolean;
  /** A memory that threads share. */
  readonly shared: boolean;
}

function buildModule({ relaxed, shared }: ModuleOptions): {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kernels: readonly FunctionHandle[];
} {
  const module = new ModuleBuilder({ shared });
  const math = vectorMath(relaxed);
  const products = defineProductKernels(module, math);
  const parts = new Set(module.functions.filter((one) => one !== products.matmul));
  for (const relative of [true, false]) {
    defineAttention(module, math, products, relative);
    defineAttentionBackward(module, math, products, relative);
  }
  defineDisentangled(module, math);
  defineDisentangledBackward(module, math);
  defineRowKernels(module, math);
  defineElementKernels(module, math);
  defineGateKernels(module, math);
  const kernels = module.functions.filter((one) => !parts.has(one));
  if (shared) defineThreads(module, kernels);
  return { bytes: module.bytes(), kernels };
}

/** A compiled module and what its kernels take. */
export interface ProcessorModule {
  readonly module: WebAssembly.Module;
  readonly shared: boolean;
  /** Whether its multiply-adds round once. */
  readonly relaxed: boolean;
  /** Number and types of the numbers of each kernel between its units and its scratch; numbered in the order of the module. */
  readonly kernels: ReadonlyMap<string, { readonly index: number; readonly types: readonly ValueType[] }>;
}

const compiled = new Map<string, Promise<ProcessorModule>>();

async function compile(options: ModuleOptions): Promise<ProcessorModule> {
  const { bytes, kernels } = buildModule(options);
  const described = kernels.map(
    ({ name, parameters }, index) => [name, { index, types: parameters.slice(2, -1) }] as const,
  );
  return { module: await WebAssembly.compile(bytes), ...options, kernels: new Map(described) };
}

/** Compiles the module, once for each choice of options. */
export function compileProcessorModule(options: ModuleOptions): Promise<ProcessorModule> {
  const key = JSON.stringify([options.relaxed, options.shared]);
  const known = compiled.get(key) ?? compile(options);
  compiled.set(key, known);
  return known;
}

/** Starts the module on a memory; returns its functions by name. */
export function startProcessorModule(
  { module }: ProcessorModule,
  memory: WebAssembly.Memory,
): ReadonlyMap<string, ProcessorKernel> {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return new Map(Object.entries(instance.exports) as [string, ProcessorKernel][]);
}
