// Proves that tfjs ops which silently give wrong numbers on WebGPU are corrected or refused.
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { startBackend, type StartedBackend } from '../../src/engine/start/startBackend.ts';
import { browserPlatform } from '../../workers/browserPlatform.ts';

let started: StartedBackend;

beforeAll(async () => {
  started = await startBackend('webgpu', browserPlatform);
  tf.env().set('WEBGPU_CPU_FORWARD', false);
});

it('a long product with a transposed operand is right', async () => {
  const [rows, inner, columns] = [8, 2048, 16];
  const a = Float32Array.from({ length: rows * inner }, (_, at) => Math.sin(at));
  const b = Float32Array.from({ length: columns * inner }, (_, at) => Math.cos(at));
  const found = await tf.matMul(tf.tensor2d(a, [rows, inner]), tf.tensor2d(b, [columns, inner]), false, true).data();
  for (let at = 0; at < rows * columns; at++) {
    let sum = 0;
    const [row, column] = [Math.floor(at / columns), at % columns];
    for (let k = 0; k < inner; k++) sum += (a[row * inner + k] as number) * (b[column * inner + k] as number);
    expect(found[at]).toBeCloseTo(sum, 2);
  }
});

it('softmax of more rows than a grid has workgroups is right to the last', async () => {
  const rows = 98_305;
  const found = await tf.softmax(tf.tensor2d(new Float32Array(rows * 2).fill(3), [rows, 2])).data();
  expect(found.every((value) => Math.abs(value - 0.5) < 1e-6)).toBe(true);
});

it('a sum of many tensors is refused', () => {
  expect(() => tf.addN(Array.from({ length: 12 }, (_, at) => tf.scalar(at)))).toThrow('storage buffers');
});

it('a transpose of integers is refused', () => {
  const integers = tf.tensor3d(Int32Array.from({ length: 24 }, (_, at) => at), [2, 3, 4], 'int32'); // prettier-ignore
  expect(() => tf.transpose(integers, [2, 0, 1])).toThrow('int32');
});

it('integers cast to float32 are floats in memory, so that they can be transposed', async () => {
  const values = Int32Array.from({ length: 6 }, (_, at) => at * 7);
  const cast = tf.cast(tf.tensor2d(values, [2, 3], 'int32'), 'float32');
  expect([...(await tf.transpose(cast).data())]).toEqual([0, 21, 7, 28, 14, 35]);
});

it('einsum, which has no gradient, is refused', () => {
  expect(() => tf.einsum('ij,jk->ik', tf.ones([2, 3]), tf.ones([3, 2]))).toThrow('einsum');
});

it('none of it was an error of the device', async () => {
  expect(await tf.scalar(2).square().data()).toEqual(Float32Array.of(4));
  expect(started.health.failure).toBeNull();
});
