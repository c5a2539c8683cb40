/** AdamW, clipping and valueAndGrads; five whole-model steps against torch are in tests/trainer/fixtures-llama.test.ts. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sharedPath } from '../../tests/support/shared-data.ts';
import { withNative } from '../../tests/support/tested-backends.ts';
import { chooseBackend } from '../backends/choose.ts';
import { disposeParams, newParam, type Params, readFloats } from '../model/params.ts';
import { compile, type HostTensor } from '../tensors/compile.ts';
import { type Scalar, type Tensor, tf } from '../tensors/tf.ts';
import { type AdamWScalars, createAdamW } from './adamw.ts';
import { clipScale, globalNorm } from './clip.ts';
import { valueAndGrads } from './value-and-grads.ts';

const plain = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1e9 };
const vectorsPath = sharedPath('spec', 'vectors.json');
const values = (params: Params, name: string) => [...readFloats(params[name] as never)];

/** A compiled step that feeds given gradients to an optimizer. */
function feeder(optimizer: ReturnType<typeof createAdamW>, names: string[]) {
  const step = compile('feed', (inputs: Record<string, Tensor>) => ({
    norm: optimizer.update(
      Object.fromEntries(names.map((name) => [name, inputs[name] as Tensor])),
      inputs as AdamWScalars<Tensor>,
    ),
  }));
  return async (learningRate: number, grads: Record<string, HostTensor>) =>
    (await step({ ...grads, ...optimizer.advance(learningRate) })).norm.data[0] as number;
}
const vector = (...data: number[]): HostTensor => ({ shape: [data.length], data: Float32Array.from(data) });

describe.each(withNative(['cpu', 'simd']))('on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  describe('AdamW', () => {
    it.skipIf(!vectorsPath)("takes torch's first step, not TF1's (vectors.json adam_step1)", async () => {
      const expected = JSON.parse(readFileSync(vectorsPath as string, 'utf8')).adam_step1;
      const params = { w: newParam(Float32Array.of(0), [1]) };
      const optimizer = createAdamW(params, { ...plain, epsilon: expected.eps });
      await feeder(optimizer, ['w'])(expected.lr, { w: vector(expected.grad) });
      expect(Math.abs((values(params, 'w')[0] as number) / expected.torch_delta - 1)).toBeLessThan(1e-5);
      optimizer.dispose();
      disposeParams(params);
    });

    it('follows ten steps of the formula in double precision, decay on the matrix only', async () => {
      const config = { ...plain, beta2: 0.95, epsilon: 1e-5, weightDecay: 0.1 };
      const params = {
        matrix: newParam(Float32Array.of(1, -2), [1, 2]),
        norm: newParam(Float32Array.of(0.5), [1]),
      };
      const optimizer = createAdamW(params, config);
      const feed = feeder(optimizer, ['matrix', 'norm']);
      const expected = [1, -2, 0.5];
      const m = [0, 0, 0];
      const v = [0, 0, 0];
      for (let t = 1; t <= 10; t++) {
        const grads = [Math.sin(t), 0.01 * t, -Math.cos(t)];
        const rate = 0.01 * t;
        await feed(rate, {
          matrix: { shape: [1, 2], data: Float32Array.from(grads.slice(0, 2)) },
          norm: vector(grads[2] as number),
        });
        grads.forEach((g, i) => {
          m[i] = 0.9 * (m[i] as number) + 0.1 * g;
          v[i] = 0.95 * (v[i] as number) + 0.05 * g * g;
          const decayed = (expected[i] as number) * (1 - (i < 2 ? rate * 0.1 : 0));
          const denominator = Math.sqrt((v[i] as number) / (1 - 0.95 ** t)) + 1e-5;
          expected[i] = decayed - ((rate / (1 - 0.9 ** t)) * (m[i] as number)) / denominator;
        });
      }
      [...values(params, 'matrix'), ...values(params, 'norm')].forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] as number, 5);
      });
      optimizer.dispose();
      disposeParams(params);
    });

    it('clips by the norm over all gradients together and reports the norm before', async () => {
      // gradients (3, 4) and (12): norm 13; with maxGradNorm 1.3 they become a tenth
      const params = { a: newParam(Float32Array.of(0, 0), [2]), b: newParam(Float32Array.of(0), [1]) };
      const optimizer = createAdamW(params, { ...plain, maxGradNorm: 1.3 });
      expect(await feeder(optimizer, ['a', 'b'])(0.1, { a: vector(3, 4), b: vector(12) })).toBeCloseTo(13, 5);
      const first = optimizer.exportState().moments;
      expect(first['a.first_moment']?.data[1]).toBeCloseTo(0.1 * 0.4, 6);
      expect(first['b.first_moment']?.data[0]).toBeCloseTo(0.1 * 1.2, 6);
      optimizer.dispose();
      disposeParams(params);
    });

    it('keeps moments by name: a parameter left out elsewhere does not shift the others', async () => {
      const params = { a: newParam(Float32Array.of(1), [1]), b: newParam(Float32Array.of(1), [1]) };
      const both = createAdamW(params, plain);
      await feeder(both, ['a', 'b'])(0.1, { a: vector(5), b: vector(-1) });
      const onlyB = createAdamW({ b: params.b }, plain);
      const { moments, step } = both.exportState();
      expect(() => onlyB.importState({ step, moments })).toThrow('unknown parameters: a.first_moment');
      const { 'b.first_moment': m, 'b.second_moment': v } = moments;
      onlyB.importState({
        step,
        moments: { 'b.first_moment': m as HostTensor, 'b.second_moment': v as HostTensor },
      });
      const before = values(params, 'a');
      await feeder(onlyB, ['b'])(0.1, { b: vector(0) });
      expect(values(params, 'a')).toEqual(before);
      expect(() => onlyB.importState({ step: 1, moments: { 'b.first_moment': m as HostTensor } })).toThrow(
        'b.second_moment is missing',
      );
      expect(() => onlyB.importState({ step: 1, moments: { 'b.first_moment': vector(1, 2) } })).toThrow(
        'has shape [2], expected [1]',
      );
      both.dispose();
      onlyB.dispose();
      disposeParams(params);
    });

    it('goes on bit for bit after export and import', async () => {
      const run = async (resumeAfter: number | null): Promise<number[]> => {
        const params = { w: newParam(Float32Array.of(1, 2, 3), [3]) };
        let optimizer = createAdamW(params, plain);
        for (let t = 0; t < 6; t++) {
          if (t === resumeAfter) {
            const state = optimizer.exportState();
            optimizer.dispose();
            optimizer = createAdamW(params, plain);
            optimizer.importState(state);
            expect(optimizer.step()).toBe(t);
          }
          await feeder(optimizer, ['w'])(0.01, { w: vector(Math.sin(t), t, 1 / (t + 1)) });
        }
        const result = values(params, 'w');
        optimizer.dispose();
        disposeParams(params);
        return result;
      };
      expect(await run(3)).toEqual(await run(null));
    });

    it('names a parameter without gradient', async () => {
      const params = { a: newParam(Float32Array.of(1), [1]), b: newParam(Float32Array.of(1), [1]) };
      const optimizer = createAdamW(params, plain);
      await expect(feeder(optimizer, ['a'])(0.1, { a: vector(1) })).rejects.toThrow('no gradient for b');
      optimizer.dispose();
      disposeParams(params);
    });
  });

  describe('clip', () => {
    it('scales down to the norm, never up', () => {
      tf.tidy(() => {
        const norm = globalNorm([tf.tensor1d([3]), tf.tensor2d([[0, 4]])]);
        expect(norm.dataSync()[0]).toBeCloseTo(5, 6);
        expect(clipScale(norm, 1).dataSync()[0]).toBeCloseTo(1 / (5 + 1e-6), 7);
        expect(clipScale(norm, 50).dataSync()[0]).toBe(1);
        expect(clipScale(tf.scalar(0), 1).dataSync()[0]).toBe(1);
      });
      expect(() => globalNorm([])).toThrow('no tensors');
    });
  });

  describe('valueAndGrads', () => {
    it('gives loss, gradients by name and the other outputs, and leaks nothing', async () => {
      const params = { a: newParam(Float32Array.of(2, 3), [2]), unused: newParam(Float32Array.of(1), [1]) };
      const step = compile('step', ({ x }: { x: Tensor }) => {
        const { loss, aux, grads } = valueAndGrads(params, () => {
          const product = tf.mul(params.a, x);
          return { loss: tf.sum(tf.square(product)) as Scalar, product, doubled: tf.mul(product, 2) };
        });
        expect(Object.keys(grads)).toEqual(['a']);
        return { loss, grad: grads.a as Tensor, ...aux };
      });
      const before = tf.memory().numTensors;
      const { loss, grad, product, doubled } = await step({ x: vector(10, 1) });
      expect(tf.memory().numTensors).toBe(before);
      expect([...loss.data]).toEqual([409]);
      // d/da (a x)^2 = 2 a x^2
      expect([...grad.data]).toEqual([400, 6]);
      expect([...product.data]).toEqual([20, 3]);
      expect([...doubled.data]).toEqual([40, 6]);
      disposeParams(params);
    });
  });
});
