import { describe, expect, test } from 'vitest';
import { chooseBackend } from '../backends/choose.ts';
import { randomIds, randomTensor, randomValues, TESTED_BACKENDS, uniforms } from '../backends/op-testing.ts';
import { type Tensor, tf, type Variable } from '../tensors/tf.ts';
import { adamw } from './adamw.ts';
import { ropeAttention } from './rope-attention.ts';
import { ropeDecodeAttention } from './rope-decode-attention.ts';
import { sampleToken } from './sample-token.ts';
import { sumSquares } from './sum-squares.ts';
import { writeKvCache } from './write-kv-cache.ts';

const coefficients = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };

/** torch.optim.AdamW (torch 2.x, single tensor path) in float64, written out. */
function torchAdamW(param: number[], gradients: number[][], learningRate: number): number[] {
  const { beta1, beta2, epsilon, weightDecay } = coefficients;
  const p = [...param];
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  gradients.forEach((gradient, step) => {
    gradient.forEach((g, i) => {
      p[i] = (p[i] as number) * (1 - learningRate * weightDecay);
      m[i] = beta1 * (m[i] as number) + (1 - beta1) * g;
      v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g;
      const corrected1 = 1 - beta1 ** (step + 1);
      const corrected2 = 1 - beta2 ** (step + 1);
      const denominator = Math.sqrt(v[i] as number) / Math.sqrt(corrected2) + epsilon;
      p[i] = (p[i] as number) - ((learningRate / corrected1) * (m[i] as number)) / denominator;
    });
  });
  return p;
}

function adamwStep(args: {
  param: Variable;
  grad: Tensor;
  moments: [Variable, Variable];
  step: number;
  rate: number;
  scale?: number;
}): void {
  adamw(
    {
      param: args.param,
      grad: args.grad,
      firstMoment: args.moments[0],
      secondMoment: args.moments[1],
      learningRate: tf.scalar(args.rate),
      biasCorrection1: tf.scalar(1 - coefficients.beta1 ** args.step),
      biasCorrection2: tf.scalar(1 - coefficients.beta2 ** args.step),
      gradScale: tf.scalar(args.scale ?? 1),
    },
    coefficients,
  );
}

describe.each(TESTED_BACKENDS)('ops in place on %s', (backend) => {
  test.each([1, 5, 16, 1003])('adamw over three steps of %i elements equals torch', async (size) => {
    await chooseBackend(backend);
    const start = randomValues(size, 1);
    const gradients = [2, 3, 4].map((seed) => randomValues(size, seed));
    const expected = torchAdamW(
      [...start],
      gradients.map((g) => [...g].map((value) => value * 0.5)),
      0.01,
    );
    const before = tf.memory().numTensors;
    const param = tf.variable(tf.tensor1d(start));
    const moments: [Variable, Variable] = [tf.variable(tf.zeros([size])), tf.variable(tf.zeros([size]))];
    tf.tidy(() => {
      gradients.forEach((gradient, i) => {
        adamwStep({ param, grad: tf.tensor1d(gradient), moments, step: i + 1, rate: 0.01, scale: 0.5 });
      });
      const actual = param.dataSync();
      for (let i = 0; i < size; i++) expect(actual[i]).toBeCloseTo(expected[i] as number, 6);
    });
    // The three tensors that the variables were made from belong to nobody else.
    for (const variable of [param, ...moments]) variable.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 3);
  });

  test('adamw leaves a copy of the parameter alone', async () => {
    await chooseBackend(backend);
    tf.tidy(() => {
      const initial = tf.tensor1d([1, 2, 3, 4, 5]);
      const param = tf.variable(initial);
      const reference = tf.variable(initial);
      const clone = param.clone();
      const zeros = tf.zeros([5]);
      const moments: [Variable, Variable] = [tf.variable(zeros), tf.variable(zeros)];
      adamwStep({ param, grad: tf.ones([5]), moments, step: 1, rate: 0.1 });
      expect(param.dataSync()[0]).toBeCloseTo(1 - 0.01 - 0.1, 5);
      expect([...initial.dataSync()]).toEqual([1, 2, 3, 4, 5]);
      expect([...reference.dataSync()]).toEqual([1, 2, 3, 4, 5]);
      expect([...clone.dataSync()]).toEqual([1, 2, 3, 4, 5]);
      expect(moments[0].dataSync()[0]).toBeCloseTo(0.1, 6);
      expect(moments[1].dataSync()[0]).toBeCloseTo(0.05, 6);
      for (const variable of [param, reference, ...moments]) variable.dispose();
    });
  });

  test.each([1, 7, 4096, 10001])('sumSquares of %i elements', async (size) => {
    await chooseBackend(backend);
    const values = randomValues(size, 3);
    const expected = values.reduce((sum, value) => sum + value * value, 0);
    const actual = tf.tidy(() => sumSquares(tf.tensor1d(values)).dataSync()[0]) as number;
    expect(Math.abs(actual / expected - 1)).toBeLessThan(1e-5);
  });

  test.each([
    { batch: 1, time: 1, numHeads: 1, numKvHeads: 1, headDim: 2, left: 0 },
    { batch: 3, time: 9, numHeads: 4, numKvHeads: 2, headDim: 6, left: 0 },
    { batch: 3, time: 10, numHeads: 3, numKvHeads: 1, headDim: 10, left: 2 },
    { batch: 2, time: 12, numHeads: 2, numKvHeads: 2, headDim: 16, left: 3 },
  ])('prefill and decode, token by token, equals attention over all: %j', async (shape) => {
    await chooseBackend(backend);
    const { batch, time, headDim, numHeads, numKvHeads, left } = shape;
    const n = batch * time;
    const prefill = Math.ceil(time / 2);
    const slots = time + 3;
    tf.tidy(() => {
      const table = {
        cos: tf.cos(randomTensor([20, headDim / 2], 3, 3)),
        sin: tf.sin(randomTensor([20, headDim / 2], 3, 3)),
      };
      const positionsBT = randomIds([batch, time], 20, 4);
      // Sequence b has b * left padding tokens in front.
      const masked = (b: number, t: number) => (t < Math.min(b * left, prefill - 1) ? 0 : 1);
      const maskBT = tf.tensor(
        Int32Array.from({ length: n }, (_, i) => masked(Math.floor(i / time), i % time)),
        [batch, time],
        'int32',
      );
      const maskBS = tf.tensor(
        Int32Array.from({ length: batch * slots }, (_, i) => masked(Math.floor(i / slots), i % slots)),
        [batch, slots],
        'int32',
      );
      const q = randomTensor([n, numHeads * headDim], 5, 2);
      const k = randomTensor([n, numKvHeads * headDim], 6, 2);
      const v = randomTensor([n, numKvHeads * headDim], 7);
      const whole = ropeAttention({ q, k, v, ...table, positionsBT, maskBT }, shape).dataSync();

      // What stands in the cache before must not matter.
      const cache = () => tf.variable(tf.fill([batch, numKvHeads, slots, headDim], 77));
      const cacheK = cache();
      const cacheV = cache();
      const part = (x: Tensor, from: number, count: number) => {
        const width = x.shape[1] as number;
        const rows = tf.slice(tf.reshape(x, [batch, time, width]), [0, from, 0], [batch, count, width]);
        return tf.reshape(rows, [batch * count, width]);
      };
      const positions = (from: number, count: number) =>
        tf.slice(positionsBT, [0, from], [batch, count]) as Tensor;
      writeKvCache(
        {
          k: part(k, 0, prefill),
          v: part(v, 0, prefill),
          ...table,
          positionsBT: positions(0, prefill),
          cacheK,
          cacheV,
        },
        shape,
      );
      for (let t = prefill; t < time; t++) {
        const y = ropeDecodeAttention(
          {
            q: part(q, t, 1),
            k: part(k, t, 1),
            v: part(v, t, 1),
            ...table,
            positionsB: tf.reshape(positions(t, 1), [batch]),
            maskBS,
            cacheK,
            cacheV,
            slot: tf.scalar(t, 'int32'),
          },
          shape,
        ).dataSync();
        const width = numHeads * headDim;
        for (let b = 0; b < batch; b++) {
          for (let i = 0; i < width; i++) {
            expect(y[b * width + i]).toBeCloseTo(whole[(b * time + t) * width + i] as number, 5);
          }
        }
      }
      cacheK.dispose();
      cacheV.dispose();
    });
  });

  test('decode with no visible slot gives zeros, and slots outside the cache are refused', async () => {
    await chooseBackend(backend);
    const heads = { numHeads: 2, numKvHeads: 1, headDim: 4 };
    tf.tidy(() => {
      const cacheK = tf.variable(tf.ones([1, 1, 3, 4]));
      const cacheV = tf.variable(tf.ones([1, 1, 3, 4]));
      const args = {
        q: tf.ones([1, 8]) as Tensor,
        k: tf.ones([1, 4]) as Tensor,
        v: tf.ones([1, 4]) as Tensor,
        cos: tf.ones([2, 2]) as Tensor,
        sin: tf.zeros([2, 2]) as Tensor,
        positionsB: tf.tensor1d([0], 'int32') as Tensor,
        maskBS: tf.tensor2d([0, 0, 1], [1, 3], 'int32') as Tensor,
        cacheK,
        cacheV,
        slot: tf.scalar(1, 'int32') as Tensor,
      };
      expect([...ropeDecodeAttention(args, heads).dataSync()]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
      expect(() => ropeDecodeAttention({ ...args, slot: tf.scalar(3, 'int32') }, heads)).toThrow(/slot is 3/);
      expect(() => ropeDecodeAttention({ ...args, positionsB: tf.tensor1d([2], 'int32') }, heads)).toThrow(
        /positions\[0\] is 2, expected 0 to 1/,
      );
      cacheK.dispose();
      cacheV.dispose();
    });
  });

  test('sampleToken follows the cumulated probabilities', async () => {
    await chooseBackend(backend);
    // Probabilities 0.1, 0.2, 0.3, 0.4 (temperature 1).
    const logits = Float32Array.from([0.1, 0.2, 0.3, 0.4], Math.log);
    const draws = [0, 0.05, 0.15, 0.29, 0.31, 0.59, 0.61, 0.999];
    tf.tidy(() => {
      const logitsBV = tf.tile(tf.tensor2d(logits, [1, 4]), [draws.length, 1]);
      const { tokensB, logProbsB } = sampleToken(logitsBV, tf.tensor1d(draws), 1);
      expect([...tokensB.dataSync()]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
      expect(tokensB.dtype).toBe('int32');
      const logProbs = logProbsB.dataSync();
      [0, 0, 1, 1, 2, 2, 3, 3].forEach((token, i) => {
        expect(logProbs[i]).toBeCloseTo(logits[token] as number, 5);
      });
      const greedy = sampleToken(logitsBV, tf.tensor1d(draws), 0);
      expect(new Set(greedy.tokensB.dataSync())).toEqual(new Set([3]));
      expect(greedy.logProbsB.dataSync()[0]).toBeCloseTo(Math.log(0.4), 5);
      // At temperature 0.5 the probabilities are squared: 1/30, 4/30, 9/30, 16/30.
      const sharp = sampleToken(logitsBV, tf.tensor1d(draws), 0.5);
      expect([...sharp.tokensB.dataSync()]).toEqual([0, 1, 1, 2, 2, 3, 3, 3]);
      expect(sharp.logProbsB.dataSync()[7]).toBeCloseTo(Math.log(16 / 30), 5);
    });
  });

  test('sampleToken never draws a token of probability 0', async () => {
    await chooseBackend(backend);
    tf.tidy(() => {
      const logitsBV = tf.tensor2d([-1e30, 0, 0, -1e30, -Infinity], [1, 5]);
      for (const draw of [0, 0.49, 0.51, 0.99999994]) {
        const { tokensB } = sampleToken(logitsBV, tf.tensor1d([draw]), 1);
        expect(tokensB.dataSync()[0]).toBe(draw < 0.5 ? 1 : 2);
      }
    });
  });

  test.each([1, 0])(
    'sampleToken refuses logits that are not numbers, at temperature %i',
    async (temperature) => {
      await chooseBackend(backend);
      tf.tidy(() => {
        const logitsBV = tf.tensor2d([0, 1, 2, 0, Number.NaN, 2], [2, 3]);
        expect(() => sampleToken(logitsBV, tf.tensor1d([0.5, 0.5]), temperature)).toThrow(
          'sampleToken: the logits of row 1 have no largest value (NaN or infinite)',
        );
      });
    },
  );

  test('sampleToken draws with the right frequencies', async () => {
    await chooseBackend(backend);
    const draws = 20_000;
    const probabilities = [0.5, 0.25, 0.15, 0.07, 0.03];
    const counts = tf.tidy(() => {
      const row = tf.tensor2d(probabilities.map(Math.log), [1, 5]);
      const next = uniforms(11);
      const uniformsB = tf.tensor1d(Float32Array.from({ length: draws }, next));
      const tokens = sampleToken(tf.tile(row, [draws, 1]), uniformsB, 1).tokensB.dataSync();
      return probabilities.map((_, token) => tokens.filter((drawn) => drawn === token).length);
    });
    // Four standard deviations: all five hold by chance in 99.97 of 100 seeds; this seed is fixed.
    probabilities.forEach((p, token) => {
      const deviation = Math.sqrt((p * (1 - p)) / draws);
      expect(Math.abs((counts[token] as number) / draws - p)).toBeLessThan(4 * deviation);
    });
  });
});
