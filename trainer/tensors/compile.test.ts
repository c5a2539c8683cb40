import { beforeEach, describe, expect, test } from 'vitest';
import { chooseBackend } from '../backends/choose.ts';
import { compile } from './compile.ts';
import { type Tensor, tf } from './tf.ts';

const floats = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

describe.each(['cpu', 'simd'])('compile on %s', (backend) => {
  beforeEach(async () => {
    await chooseBackend(backend);
  });

  test('turns host arrays into tensors and back, and leaves nothing over', () => {
    const step = compile('double', ({ x, ids }: Record<'x' | 'ids', Tensor>) => ({
      y: tf.mul(x, 2),
      ids: tf.add(ids, tf.scalar(1, 'int32')),
    }));
    const before = tf.memory().numTensors;
    const outputs = step({ x: floats([2, 2], 1, 2, 3, 4), ids: { shape: [2], data: Int32Array.of(5, 6) } });
    expect(outputs).toEqual({
      y: floats([2, 2], 2, 4, 6, 8),
      ids: { shape: [2], data: Int32Array.of(6, 7) },
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('outputs are copies: later steps do not change them', () => {
    const step = compile('add one', ({ x }: { x: Tensor }) => ({ y: tf.add(x, 1) }));
    const first = step({ x: floats([3], 1, 2, 3) });
    for (let i = 0; i < 5; i++) step({ x: floats([3], 9, 9, 9) });
    expect(first.y.data).toEqual(Float32Array.of(2, 3, 4));
  });

  test('inputs may be changed by the caller after the step', () => {
    const kept = tf.tidy(() => tf.variable(tf.zeros([2])));
    const step = compile('keep', ({ x }: { x: Tensor }) => {
      kept.assign(x);
      return {};
    });
    const x = floats([2], 1, 2);
    step({ x });
    const before = [...kept.dataSync()];
    x.data.fill(7);
    expect(before).toEqual([1, 2]);
    expect([...kept.dataSync()]).toEqual([1, 2]);
    kept.dispose();
  });

  test('says which input or output is wrong', () => {
    const step = compile('step', ({ x }: { x: Tensor }) => ({ y: tf.greater(x, 0) }));
    expect(() => step({ x: floats([3], 1, 2) })).toThrow(
      'step: input x has 2 elements, expected 3 for shape [3]',
    );
    expect(() => step({ x: { shape: [1], data: [1] as never } })).toThrow(
      'step: input x is [object Array], expected Float32Array or Int32Array',
    );
    expect(() => step({ x: floats([1], 1) })).toThrow('step: output y is bool, expected float32 or int32');
    const nothing = compile('step', () => ({ y: undefined as unknown as Tensor }));
    expect(() => nothing({})).toThrow('step: output y is undefined, expected a tensor');
  });
});
