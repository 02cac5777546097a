// Times tfjs' wasm BatchMatMul against the lab's, in alternation, on the products of a training step.
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm/dist/backend_wasm';
import { registerWasmKernels } from '../src/engine/start/wasmKernels.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';

// Run manually on a quiet machine: npx tsx bench/wasmMatmul.bench.ts
interface Product {
  readonly name: string;
  /** Shapes as given, before transposition. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const [B, T, d, inner, heads, headSize] = [32, 64, 128, 512, 4, 32];
const rows = B * T;
const products: readonly Product[] = [
  { name: 'feed-forward', a: [rows, d], b: [d, inner], transposeA: false, transposeB: false },
  { name: '  gradient of its input', a: [rows, inner], b: [d, inner], transposeA: false, transposeB: true },
  { name: '  gradient of its weights', a: [rows, d], b: [rows, inner], transposeA: true, transposeB: false },
  {
    name: 'attention, content scores',
    a: [B * heads, T, headSize],
    b: [B * heads, T, headSize],
    transposeA: false,
    transposeB: true,
  },
  {
    name: 'attention, context',
    a: [B * heads, T, T],
    b: [B * heads, T, headSize],
    transposeA: false,
    transposeB: false,
  },
  {
    name: '  gradient of the values',
    a: [B * heads, T, T],
    b: [B * heads, T, headSize],
    transposeA: true,
    transposeB: false,
  },
  {
    name: 'attention, position scores',
    a: [heads, rows, headSize],
    b: [heads, 2 * T, headSize],
    transposeA: false,
    transposeB: true,
  },
];

const rounds = 12;

function kernelOfNow(): tf.KernelFunc {
  return tf.getKernel('BatchMatMul', 'wasm').kernelFunc;
}

/** Milliseconds of one product. */
function timed(
  kernel: tf.KernelFunc,
  { a, b }: { a: tf.Tensor; b: tf.Tensor },
  { transposeA, transposeB }: Product,
): number {
  const backend = tf.backend() as BackendWasm;
  const from = performance.now();
  const result = kernel({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend }) as tf.TensorInfo;
  const elapsedMs = performance.now() - from;
  backend.disposeData(result.dataId);
  return elapsedMs;
}

const median = (values: readonly number[]): number => [...values].sort((x, y) => x - y)[values.length >> 1] as number;

async function run(): Promise<void> {
  setWasmPaths({ ...nodePlatform.wasmFiles });
  tf.enableProdMode();
  await tf.setBackend('wasm');
  const stock = kernelOfNow();
  registerWasmKernels();
  const ours = kernelOfNow();
  console.log(`${rounds} rounds each in turn, medians in ms; ${nodePlatform.description}`);
  for (const product of products) {
    const operands = { a: tf.randomNormal([...product.a]), b: tf.randomNormal([...product.b]) };
    const times: { stock: number[]; ours: number[] } = { stock: [], ours: [] };
    for (let round = -2; round < rounds; round++) {
      const taken = { stock: timed(stock, operands, product), ours: timed(ours, operands, product) };
      if (round < 0) continue; // warm-up
      times.stock.push(taken.stock);
      times.ours.push(taken.ours);
    }
    tf.dispose(operands);
    const [before, after] = [median(times.stock), median(times.ours)];
    const shapes = `${product.a.join('x')}${product.transposeA ? "'" : ''} · ${product.b.join('x')}${product.transposeB ? "'" : ''}`;
    console.log(
      `${product.name.padEnd(28)}${shapes.padEnd(30)}` +
        `stock ${before.toFixed(2).padStart(8)}   ours ${after.toFixed(2).padStart(7)}   ${(before / after).toFixed(1).padStart(5)} times`,
    );
  }
}

await run();
