/** What the tests of the ops share: seeded tensors, and comparison of an op with a plain tfjs composition. */
import { expect } from 'vitest';
import { type Tensor, tf } from '../tensors/tf.ts';
import { type BackendName, chooseBackend } from './choose.ts';

/** The backends on which every op is tested. */
export const TESTED_BACKENDS: BackendName[] = ['cpu', 'simd'];

/** Seeded uniform numbers in [0, 1) (mulberry32). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function randomValues(count: number, seed: number, scale = 1): Float32Array {
  const next = uniforms(seed);
  return Float32Array.from({ length: count }, () => (next() * 2 - 1) * scale);
}

export function randomTensor(shape: number[], seed: number, scale = 1): Tensor {
  const count = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(randomValues(count, seed, scale), shape);
}

export function randomIds(shape: number[], bound: number, seed: number): Tensor {
  const next = uniforms(seed);
  const count = shape.reduce((product, axis) => product * axis, 1);
  return tf.tensor(
    Int32Array.from({ length: count }, () => Math.floor(next() * bound)),
    shape,
    'int32',
  );
}

/** Asserts that two tensors agree to `tolerance`, relative to the largest element. */
export function expectClose(actual: Tensor, expected: Float32Array, what: string, tolerance = 2e-5): void {
  const values = actual.dataSync();
  expect(values.length, what).toBe(expected.length);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((values[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) worst = difference;
  }
  expect(worst / scale, `${what}: largest difference`).toBeLessThan(tolerance);
}

/**
 * Value and gradients of `op` on the active backend against those that tfjs derives from the plain `composition` on cpu.
 * The scalar differentiated is the sum of the value times fixed random weights.
 */
export async function expectSameAsComposition(args: {
  backend: BackendName;
  inputs: { shape: number[]; data: Float32Array }[];
  op: (...inputs: Tensor[]) => Tensor;
  composition: (...inputs: Tensor[]) => Tensor;
  tolerance?: number;
}): Promise<void> {
  const run = async (backend: BackendName, f: (...inputs: Tensor[]) => Tensor) => {
    await chooseBackend(backend);
    return tf.tidy(() => {
      const inputs = args.inputs.map(({ shape, data }) => tf.tensor(data.slice(), shape));
      const value = f(...inputs);
      const weights = randomTensor(value.shape, 999);
      const gradients = tf.grads((...xs) => tf.sum(tf.mul(f(...xs), weights)))(inputs);
      return [value, ...gradients].map((tensor) => Float32Array.from(tensor.dataSync()));
    });
  };
  const expected = await run('cpu', args.composition);
  const before = tf.memory().numTensors;
  const actual = await run(args.backend, args.op);
  expect(tf.memory().numTensors, 'tensors left over').toBe(before);
  actual.forEach((values, i) => {
    const what = i === 0 ? 'value' : `gradient of input ${i - 1}`;
    tf.tidy(() => expectClose(tf.tensor1d(values), expected[i] as Float32Array, what, args.tolerance));
  });
}
