import { setImmediate as otherWork } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { chooseBackend } from '../backends/choose.ts';
import { setStepBackend } from './active-backend.ts';
import { compile } from './compile.ts';
import { type Tensor, tf } from './tf.ts';

const floats = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

describe.each(['cpu', 'simd'])('compile on %s', (backend) => {
  beforeEach(async () => {
    await chooseBackend(backend);
  });

  test('turns host arrays into tensors and back, and leaves nothing over', async () => {
    const step = compile('double', ({ x, ids }: Record<'x' | 'ids', Tensor>) => ({
      y: tf.mul(x, 2),
      ids: tf.add(ids, tf.scalar(1, 'int32')),
    }));
    const before = tf.memory().numTensors;
    const outputs = await step({
      x: floats([2, 2], 1, 2, 3, 4),
      ids: { shape: [2], data: Int32Array.of(5, 6) },
    });
    expect(outputs).toEqual({
      y: floats([2, 2], 2, 4, 6, 8),
      ids: { shape: [2], data: Int32Array.of(6, 7) },
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('outputs are copies: later steps do not change them', async () => {
    const step = compile('add one', ({ x }: { x: Tensor }) => ({ y: tf.add(x, 1) }));
    const first = await step({ x: floats([3], 1, 2, 3) });
    for (let i = 0; i < 5; i++) await step({ x: floats([3], 9, 9, 9) });
    expect(first.y.data).toEqual(Float32Array.of(2, 3, 4));
  });

  test('inputs may be changed by the caller after the step', async () => {
    const kept = tf.tidy(() => tf.variable(tf.zeros([2])));
    const step = compile('keep', ({ x }: { x: Tensor }) => {
      kept.assign(x);
      return {};
    });
    const x = floats([2], 1, 2);
    await step({ x });
    const before = [...kept.dataSync()];
    x.data.fill(7);
    expect(before).toEqual([1, 2]);
    expect([...kept.dataSync()]).toEqual([1, 2]);
    kept.dispose();
  });

  test('says which input or output is wrong', async () => {
    const step = compile('step', ({ x }: { x: Tensor }) => ({ y: tf.greater(x, 0) }));
    await expect(step({ x: floats([3], 1, 2) })).rejects.toThrow(
      'step: input x has 2 elements, expected 3 for shape [3]',
    );
    await expect(step({ x: { shape: [1], data: [1] as never } })).rejects.toThrow(
      'step: input x is [object Array], expected Float32Array or Int32Array',
    );
    await expect(step({ x: floats([1], 1) })).rejects.toThrow(
      'step: output y is bool, expected float32 or int32',
    );
    const nothing = compile('step', () => ({ y: undefined as unknown as Tensor }));
    await expect(nothing({})).rejects.toThrow('step: output y is undefined, expected a tensor');
  });
});

test('a step runs as the backend offers it that is active then, also one whose results come later', async () => {
  await chooseBackend('cpu');
  const step = compile('add one', ({ x }: { x: Tensor }) => ({ y: tf.add(x, 1) }));
  expect((await step({ x: floats([1], 1) })).y.data).toEqual(Float32Array.of(2));
  const compiled: string[] = [];
  setStepBackend({
    compileStep: (name, _step, { precision }) => {
      compiled.push(`${name} ${precision}`);
      return async ({ x }) => {
        await otherWork();
        return { y: { shape: [1], data: Float32Array.of((x?.data[0] as number) + 100) } };
      };
    },
    preparesShapes: true,
  });
  for (const x of [1, 2])
    expect((await step({ x: floats([1], x) })).y.data).toEqual(Float32Array.of(100 + x));
  expect(compiled).toEqual(['add one float32']);
  await chooseBackend('simd');
  expect((await step({ x: floats([1], 1) })).y.data).toEqual(Float32Array.of(2));
});
