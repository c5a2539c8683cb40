/** Kernels of tfjs that the simd backend has of its own, against those of the cpu backend. */
import { afterAll, describe, expect, test } from 'vitest';
import { type Tensor, tf } from '../../tensors/tf.ts';
import { chooseBackend } from '../choose.ts';
import { randomTensor } from '../op-testing.ts';

afterAll(() => chooseBackend('simd'));

/** The same on both backends, to float32 rounding. */
async function expectSame(compute: () => Tensor): Promise<void> {
  const run = async (backend: string) => {
    await chooseBackend(backend);
    return tf.tidy(() => {
      const tensor = compute();
      return { shape: tensor.shape, dtype: tensor.dtype, values: Float32Array.from(tensor.dataSync()) };
    });
  };
  const [actual, expected] = [await run('simd'), await run('cpu')];
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  expected.values.forEach((value, i) => {
    expect(actual.values[i]).toBeCloseTo(value, 4);
  });
}

const matMul = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) =>
  tf.matMul(a as never, b as never, transposeA, transposeB) as Tensor;

describe.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('matMul, transposed %s and %s', (transposeA, transposeB) => {
  test.each([
    [[], 1, 1, 1],
    [[], 5, 7, 3],
    [[], 130, 33, 70],
    [[], 3, 700, 300],
    [[2, 3], 9, 6, 11],
    [[4], 65, 16, 8],
  ] as [number[], number, number, number][])('batch %j, %i x %i x %i', async (batch, m, k, n) => {
    const a = transposeA ? [k, m] : [m, k];
    const b = transposeB ? [n, k] : [k, n];
    await expectSame(() =>
      matMul(randomTensor([...batch, ...a], 1), randomTensor([...batch, ...b], 2), transposeA, transposeB),
    );
  });
});

test('matMul with one batch for all goes to the cpu kernel', async () => {
  await expectSame(() => matMul(randomTensor([3, 4, 5], 1), randomTensor([1, 5, 6], 2), false, false));
});

describe.each(['add', 'sub', 'mul', 'div'] as const)('%s', (name) => {
  test.each([
    [[7], [7]],
    [
      [40, 9],
      [40, 9],
    ],
    [[], [3]],
    [
      [5, 300],
      [5, 1],
    ],
    [[5, 300], [300]],
    [
      [2, 1, 4],
      [3, 1],
    ],
    [
      [1, 3, 1, 2],
      [4, 1, 5, 1],
    ],
  ])('of %j and %j', async (a, b) => {
    await expectSame(() => {
      // Away from zero, where division would be all rounding.
      const divisor = tf.add(randomTensor(b, 2), tf.scalar(3)) as Tensor;
      return tf[name](randomTensor(a, 1), divisor) as Tensor;
    });
  });

  test('of whole numbers stays whole', async () => {
    if (name === 'div') return;
    await expectSame(() => tf[name](tf.tensor1d([4, 5, 6], 'int32'), tf.scalar(3, 'int32')) as Tensor);
  });
});

test.each([
  { shape: [5, 7], axis: 0 },
  { shape: [300, 130], axis: 0 },
  { shape: [5, 7], axis: 1 },
  { shape: [5, 7], axis: undefined },
  { shape: [3, 4, 5], axis: 0 },
])('sum of $shape over $axis', async ({ shape, axis }) => {
  await expectSame(() => tf.sum(randomTensor(shape, 1), axis));
});

test.each([
  { shape: [5, 7], axis: 1 },
  { shape: [300, 130], axis: -1 },
  { shape: [5, 7], axis: 0 },
  { shape: [3, 4, 5], axis: 2 },
])('argMax of $shape over $axis', async ({ shape, axis }) => {
  // Rounded to tenths: many are equal, and the first of them counts.
  await expectSame(() => tf.argMax(tf.round(tf.mul(randomTensor(shape, 1), 10)), axis));
});

test.each([
  { shape: [5, 9], sizes: 3, axis: 1 },
  { shape: [5, 9], sizes: [1, 6, 2], axis: -1 },
  { shape: [6, 7], sizes: [5, 1], axis: 0 },
  { shape: [2, 3, 8], sizes: [3, 5], axis: 2 },
  { shape: [2, 4, 3], sizes: 2, axis: 1 },
])('split of $shape over $axis, put together in another order', async ({ shape, sizes, axis }) => {
  await expectSame(() => {
    const parts = tf.split(randomTensor(shape, 1) as never, sizes as never, axis) as Tensor[];
    const pads = tf.zeros(parts[0]?.shape as number[]);
    return tf.concat([...parts.reverse(), pads] as never[], axis);
  });
});
