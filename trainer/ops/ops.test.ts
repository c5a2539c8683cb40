import { describe, expect, test } from 'vitest';
import { chooseBackend } from '../backends/choose.ts';
import {
  expectClose,
  expectSameAsComposition,
  randomIds,
  randomTensor,
  randomValues,
  TESTED_BACKENDS,
} from '../backends/op-testing.ts';
import { type Tensor, tf } from '../tensors/tf.ts';
import { embedding } from './embedding.ts';
import { gelu } from './gelu.ts';
import { geluErf } from './gelu-erf.ts';
import { layerNorm } from './layer-norm.ts';
import { linear, linearReference } from './linear.ts';
import { rmsNorm, rmsNormReference } from './rms-norm.ts';
import { ropeAttention, ropeAttentionReference } from './rope-attention.ts';
import { swiglu, swigluReference } from './swiglu.ts';
import { tokenEntropy } from './token-entropy.ts';
import { tokenLogProbs, tokenLogProbsReference } from './token-log-probs.ts';

const input = (shape: number[], seed: number, scale = 1) => ({
  shape,
  data: randomValues(
    shape.reduce((product, axis) => product * axis, 1),
    seed,
    scale,
  ),
});

describe.each(TESTED_BACKENDS)('ops on %s', (backend) => {
  test.each([
    [1, 8, 16],
    [1, 1, 1],
    [3, 5, 7],
    [5, 17, 9],
    [70, 33, 130],
    [64, 600, 260],
  ])('linear of %i rows, %i to %i', async (n, d, o) => {
    const inputs = [input([n, d], 1), input([o, d], 2), input([o], 3)];
    await expectSameAsComposition({
      backend,
      inputs,
      op: (x, w, b) => linear(x as Tensor, w as Tensor, b),
      composition: (x, w, b) => linearReference(x as Tensor, w as Tensor, b),
    });
    await expectSameAsComposition({
      backend,
      inputs: inputs.slice(0, 2),
      op: (x, w) => linear(x as Tensor, w as Tensor),
      composition: (x, w) => linearReference(x as Tensor, w as Tensor),
    });
  });

  test.each([
    [4, 3, 1],
    [11, 5, 30],
    [32, 16, 64],
  ])('embedding of %i x %i, %i ids', async (v, d, m) => {
    await expectSameAsComposition({
      backend,
      inputs: [input([v, d], 1)],
      op: (w) => embedding(w as Tensor, randomIds([m], v, 5)),
      composition: (w) =>
        tf.matMul(tf.cast(tf.oneHot(randomIds([m], v, 5) as never, v), 'float32'), w as never),
    });
  });

  test.each([
    [1, 4],
    [3, 7],
    [33, 96],
    [5, 1],
  ])('rmsNorm of %i x %i', async (n, d) => {
    await expectSameAsComposition({
      backend,
      inputs: [input([n, d], 1, 3), input([d], 2)],
      op: (x, w) => rmsNorm(x as Tensor, w as Tensor, 1e-5),
      composition: (x, w) => rmsNormReference(x as Tensor, w as Tensor, 1e-5)[0],
    });
  });

  // The composition is another way to the same: tfjs' moments, and its own derivative of them.
  test.each([
    [1, 4],
    [3, 7],
    [33, 96],
    [130, 66],
    [5, 1],
  ])('layerNorm of %i x %i', async (n, d) => {
    await expectSameAsComposition({
      backend,
      inputs: [input([n, d], 1, 3), input([d], 2), input([d], 3)],
      op: (x, w, b) => layerNorm(x as Tensor, w as Tensor, b as Tensor, 1e-5),
      composition: (x, w, b) => {
        const { mean, variance } = tf.moments(x as Tensor, 1, true);
        const std = tf.sqrt(tf.add(variance, 1e-5));
        return tf.add(tf.mul(tf.div(tf.sub(x as Tensor, mean), std), w as Tensor), b as Tensor);
      },
    });
  });

  test.each([
    [1, 4],
    [3, 7],
    [33, 96],
    [5, 1],
  ])('geluErf of %i x %i', async (n, f) => {
    await expectSameAsComposition({
      backend,
      inputs: [input([n, f], 1, 6)],
      op: (x) => geluErf(x as Tensor),
      composition: (x) => tf.mul(tf.div(x as Tensor, 2), tf.add(1, tf.erf(tf.div(x as Tensor, Math.SQRT2)))),
    });
  });

  // torch 2.13: torch.nn.functional.gelu(x, approximate=...) in float64
  test('both forms of GELU at a few points', async () => {
    await chooseBackend(backend);
    tf.tidy(() => {
      const x = tf.tensor2d([[-3, -1, -0.25, 0, 0.5, 2]]);
      const exact = [-0.0040496941, -0.1586552539, -0.1003234186, 0, 0.3457312306, 1.9544997361];
      const tanh = [-0.0036373921, -0.1588080094, -0.1003246493, 0, 0.3457140098, 1.9545976941];
      expectClose(geluErf(x), Float32Array.from(exact), 'erf', 1e-6);
      expectClose(gelu(x), Float32Array.from(tanh), 'tanh', 1e-6);
    });
  });

  test.each([
    [1, 4],
    [3, 7],
    [33, 96],
    [5, 1],
  ])('gelu of %i x %i is the tanh form', async (n, f) => {
    await expectSameAsComposition({
      backend,
      inputs: [input([n, f], 1, 6)],
      op: (x) => gelu(x as Tensor),
      composition: (x) => {
        const inner = tf.mul(
          Math.sqrt(2 / Math.PI),
          tf.add(x as Tensor, tf.mul(0.044715, tf.pow(x as Tensor, 3))),
        );
        return tf.mul(tf.mul(0.5, x as Tensor), tf.add(1, tf.tanh(inner)));
      },
    });
  });

  test.each([
    [1, 4],
    [3, 7],
    [33, 96],
    [5, 1],
  ])('swiglu of %i x %i', async (n, f) => {
    await expectSameAsComposition({
      backend,
      inputs: [input([n, f], 1, 8), input([n, f], 2)],
      op: (g, u) => swiglu(g as Tensor, u as Tensor),
      composition: (g, u) => swigluReference(g as Tensor, u as Tensor),
    });
  });

  test.each([
    [1, 4, 1],
    [3, 7, 0.7],
    [33, 96, 1.3],
    [5, 1, 1],
  ])('tokenLogProbs of %i x %i at %f', async (n, v, temperature) => {
    const composition = (x: Tensor) =>
      tokenLogProbsReference(x as Tensor, randomIds([n], v, 9), temperature)[0];
    await expectSameAsComposition({
      backend,
      inputs: [input([n, v], 1, 6)],
      op: (x) => tokenLogProbs(x as Tensor, randomIds([n], v, 9) as Tensor, temperature),
      composition,
    });
  });

  test('tokenEntropy of uniform logits is log V, of a certain token 0', async () => {
    await chooseBackend(backend);
    const logits = tf.tensor2d([0, 0, 0, 0, 0, 100, 0, 0, 0, 0], [2, 5]);
    const [uniform, certain] = tokenEntropy(logits).dataSync();
    expect(uniform).toBeCloseTo(Math.log(5), 6);
    expect(certain).toBeCloseTo(0, 6);
    logits.dispose();
  });

  // Masks: every token; left padding; right padding; a gap; a row with no token at all.
  const masks: Record<string, (t: number, time: number, b: number) => number> = {
    none: () => 1,
    left: (t, time, b) => (t >= Math.floor((time * (b % 3)) / 4) ? 1 : 0),
    right: (t, time, b) => (t < time - Math.floor((time * (b % 3)) / 4) ? 1 : 0),
    gap: (t, time, b) => (t === Math.floor(time / 2) || (b === 1 && t === 1) ? 0 : 1),
    'an empty row': (_t, _time, b) => (b === 0 ? 0 : 1),
  };
  test.each(
    Object.keys(masks)
      .flatMap((padding) => [
        { padding, batch: 2, time: 1, numHeads: 1, numKvHeads: 1, headDim: 2 },
        { padding, batch: 3, time: 7, numHeads: 4, numKvHeads: 2, headDim: 6 },
        { padding, batch: 2, time: 13, numHeads: 3, numKvHeads: 1, headDim: 10 },
        { padding, batch: 2, time: 16, numHeads: 2, numKvHeads: 2, headDim: 8 },
      ])
      .concat([
        // More rows than one block of scores, and more than one chunk of the matrix product.
        { padding: 'left', batch: 2, time: 130, numHeads: 2, numKvHeads: 1, headDim: 8 },
        { padding: 'gap', batch: 2, time: 65, numHeads: 2, numKvHeads: 2, headDim: 6 },
        { padding: 'right', batch: 1, time: 515, numHeads: 1, numKvHeads: 1, headDim: 4 },
      ]),
  )('ropeAttention, padding $padding, T $time, heads $numHeads/$numKvHeads of $headDim', async (shape) => {
    const { batch, time, headDim } = shape;
    const n = batch * time;
    const mask = Int32Array.from({ length: n }, (_, i) =>
      (masks[shape.padding] as (typeof masks)[string])(i % time, time, Math.floor(i / time)),
    );
    const table = () => ({
      cos: tf.cos(randomTensor([20, headDim / 2], 3, 3)),
      sin: tf.sin(randomTensor([20, headDim / 2], 3, 3)),
      positionsBT: randomIds([batch, time], 20, 4),
      maskBT: tf.tensor(mask, [batch, time], 'int32'),
    });
    await expectSameAsComposition({
      backend,
      inputs: [
        input([n, shape.numHeads * headDim], 5, 2),
        input([n, shape.numKvHeads * headDim], 6, 2),
        input([n, shape.numKvHeads * headDim], 7),
      ],
      op: (q, k, v) => ropeAttention({ q: q as Tensor, k: k as Tensor, v: v as Tensor, ...table() }, shape),
      composition: (q, k, v) =>
        ropeAttentionReference({ q: q as Tensor, k: k as Tensor, v: v as Tensor, ...table() }, shape)[0],
    });
  });

  test('gradients agree with finite differences', async () => {
    await chooseBackend(backend);
    const [batch, time, width] = [1, 5, 8];
    const n = batch * time;
    const heads = { numHeads: 2, numKvHeads: 1, headDim: 4 };
    const fixed = tf.tidy(() => ({
      cos: tf.cos(randomTensor([time, 2], 3, 3)),
      sin: tf.sin(randomTensor([time, 2], 3, 3)),
      positionsBT: tf.tensor2d([[0, 1, 2, 3, 4]], [1, 5], 'int32'),
      maskBT: tf.tensor2d([[0, 1, 1, 0, 1]], [1, 5], 'int32'),
      targets: tf.tensor1d([1, 0, 6, 3, 7], 'int32'),
      picked: tf.tensor1d([1, 0, 1, 3, 2], 'int32'),
    }));
    const start = [
      input([n, width], 1),
      input([width], 2),
      input([width, width], 3),
      input([4, width], 4),
      input([4, width], 5),
    ];
    // Every op with a gradient, one after the other, down to a scalar.
    const loss = (...[x, norm, q, k, v]: Tensor[]) => {
      const h = rmsNorm(x as Tensor, norm as Tensor, 1e-5);
      const qkv = { q: linear(h, q as Tensor), k: linear(h, k as Tensor), v: linear(h, v as Tensor) };
      const y = swiglu(ropeAttention({ ...qkv, ...fixed }, heads), h);
      return tf.mean(tokenLogProbs(linear(embedding(y, fixed.picked), q as Tensor), fixed.targets, 0.7));
    };
    const valueAt = (inputs: typeof start) =>
      tf.tidy(
        () => loss(...inputs.map(({ shape, data }) => tf.tensor(data.slice(), shape))).dataSync()[0],
      ) as number;
    const gradients = tf.tidy(() =>
      tf
        .grads(loss)(start.map(({ shape, data }) => tf.tensor(data.slice(), shape)))
        .map((gradient) => gradient.dataSync().slice()),
    );
    const step = 1e-2;
    start.forEach((one, i) => {
      for (let e = 0; e < one.data.length; e += 3) {
        const at = (change: number) =>
          valueAt(
            start.map((other, j) => {
              if (j !== i) return other;
              const data = other.data.slice();
              data[e] = (data[e] as number) + change;
              return { ...other, data };
            }),
          );
        const slope = (at(step) - at(-step)) / (2 * step);
        expect(Math.abs((gradients[i]?.[e] as number) - slope), `input ${i}, element ${e}`).toBeLessThan(
          2e-3,
        );
      }
    });
    tf.dispose(fixed);
  });

  test('ids outside their table are refused, with their place', async () => {
    await chooseBackend(backend);
    const ids = (...values: number[]) => tf.tensor1d(values, 'int32');
    tf.tidy(() => {
      const table = tf.ones([3, 4]);
      expect(() => embedding(table, ids(0, 3))).toThrow('embedding: ids[1] is 3, expected 0 to 2');
      expect(() => embedding(table, ids(-1))).toThrow('embedding: ids[0] is -1, expected 0 to 2');
      expect(() => tokenLogProbs(table, ids(0, 1, 4))).toThrow(
        'tokenLogProbs: targets[2] is 4, expected 0 to 3',
      );
    });
  });

  test('wrong shapes and types are refused with what was expected', async () => {
    await chooseBackend(backend);
    tf.tidy(() => {
      expect(() => linear(tf.ones([2, 3]), tf.ones([4, 5]))).toThrow(
        'linear: x is float32 [2, 3], expected float32 [?, 5]',
      );
      expect(() => embedding(tf.ones([3, 4]), tf.ones([2]))).toThrow(
        'embedding: ids is float32 [2], expected int32 [?]',
      );
      expect(() => tokenLogProbs(tf.ones([1, 2]), tf.tensor1d([0], 'int32'), 0)).toThrow('temperature is 0');
    });
  });
});
