/** Every fused op, its gradient, and tfjs' own kernels that losses use: the graph against the cpu backend, one step each. */
import { afterAll, describe, expect, test } from 'vitest';
import { adamw } from '../../ops/adamw.ts';
import { embedding } from '../../ops/embedding.ts';
import { gelu } from '../../ops/gelu.ts';
import { geluErf } from '../../ops/gelu-erf.ts';
import { layerNorm } from '../../ops/layer-norm.ts';
import { linear } from '../../ops/linear.ts';
import { rmsNorm } from '../../ops/rms-norm.ts';
import { ropeAttention } from '../../ops/rope-attention.ts';
import { ropeDecodeAttention } from '../../ops/rope-decode-attention.ts';
import { sampleToken } from '../../ops/sample-token.ts';
import { sumSquares } from '../../ops/sum-squares.ts';
import { swiglu } from '../../ops/swiglu.ts';
import { tokenEntropy } from '../../ops/token-entropy.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import { writeKvCache } from '../../ops/write-kv-cache.ts';
import { compile, type HostTensor } from '../../tensors/compile.ts';
import { type Tensor, tf, type Variable } from '../../tensors/tf.ts';
import { chooseBackend } from '../choose.ts';
import { randomIds, randomTensor, randomValues } from '../op-testing.ts';

type Tensors = Record<string, Tensor>;
const floats = (shape: number[], seed: number, scale = 1): HostTensor => ({
  shape,
  data: randomValues(
    shape.reduce((product, size) => product * size, 1),
    seed,
    scale,
  ),
});
const ints = (shape: number[], data: Iterable<number>): HostTensor => ({
  shape,
  data: Int32Array.from(data),
});
const ids = (shape: number[], bound: number, seed: number): HostTensor => {
  const tensor = randomIds(shape, bound, seed);
  const data = Int32Array.from(tensor.dataSync());
  tensor.dispose();
  return { shape, data };
};

/** The same step on cpu and native; variables start as given and are compared after. */
async function expectSame(args: {
  inputs: Record<string, HostTensor>;
  variables?: Record<string, HostTensor>;
  step: (inputs: Tensors, variables: Record<string, Variable>) => Tensors;
  tolerance?: number;
  times?: number;
}): Promise<void> {
  const results: Record<string, HostTensor>[] = [];
  for (const backend of ['cpu', 'native']) {
    await chooseBackend(backend);
    const before = tf.memory().numTensors;
    const variables: Record<string, Variable> = {};
    for (const [name, { shape, data }] of Object.entries(args.variables ?? {})) {
      variables[name] = tf.tidy(() => tf.variable(tf.tensor(data.slice(), shape)));
    }
    const step = compile('step', (inputs: Tensors) => args.step(inputs, variables));
    let outputs: Record<string, HostTensor> = {};
    for (let i = 0; i < (args.times ?? 1); i++) outputs = await step(args.inputs);
    for (const [name, variable] of Object.entries(variables)) {
      outputs[`variable ${name}`] = { shape: variable.shape, data: Float32Array.from(variable.dataSync()) };
      variable.dispose();
    }
    expect(tf.memory().numTensors, `${backend}: tensors left over`).toBe(before);
    results.push(outputs);
  }
  const [expected, actual] = results as [Record<string, HostTensor>, Record<string, HostTensor>];
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name]?.shape, name).toEqual(shape);
    const scale = Array.from(data).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1);
    data.forEach((value: number, i: number) => {
      const difference = Math.abs((actual[name]?.data[i] as number) - value) / scale;
      if (!(difference < (args.tolerance ?? 2e-5)))
        throw new Error(`${name}[${i}] is ${actual[name]?.data[i]} on native, ${value} on cpu`);
    });
  }
}

/** Value and gradients of a function of the float inputs; what is differentiated is the value times random weights. */
function withGradients(f: (inputs: Tensors) => Tensor): (inputs: Tensors) => Tensors {
  return (inputs) => {
    const names = Object.keys(inputs).filter((name) => inputs[name]?.dtype === 'float32');
    const value = f(inputs);
    const weights = randomTensor(value.shape, 999);
    const gradients = tf.grads((...xs) => {
      const replaced = { ...inputs, ...Object.fromEntries(names.map((name, i) => [name, xs[i]])) };
      return tf.sum(tf.mul(f(replaced as Tensors), weights));
    })(names.map((name) => inputs[name] as Tensor));
    return {
      value,
      ...Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, gradients[i]])),
    } as Tensors;
  };
}

describe('ops as nodes', () => {
  afterAll(async () => {
    await chooseBackend('cpu');
  });

  test.each([
    [1, 1, 1],
    [3, 5, 7],
    [16, 5, 7],
    [70, 33, 130],
    [257, 6, 9],
  ])('linear of %i rows, %i to %i', async (n, d, o) => {
    const inputs = { x: floats([n, d], 1), w: floats([o, d], 2), b: floats([o], 3) };
    await expectSame({
      inputs,
      step: withGradients(({ x, w, b }) => linear(x as Tensor, w as Tensor, b)),
    });
    await expectSame({
      inputs: { x: inputs.x, w: inputs.w },
      step: withGradients(({ x, w }) => linear(x as Tensor, w as Tensor)),
    });
  });

  test.each([
    [4, 3, 1],
    [11, 5, 30],
  ])('embedding of %i x %i, %i ids, some more than once', async (v, d, m) => {
    await expectSame({
      inputs: { weight: floats([v, d], 1), ids: ids([m], v, 5) },
      step: withGradients(({ weight, ids: picked }) => embedding(weight as Tensor, picked as Tensor)),
    });
  });

  test.each([
    [1, 4],
    [5, 1],
    [33, 96],
    [7, 130],
  ])('layerNorm and gelu of %i x %i', async (n, d) => {
    await expectSame({
      inputs: { x: floats([n, d], 1, 3), w: floats([d], 2), b: floats([d], 3) },
      step: withGradients(({ x, w, b }) => layerNorm(x as Tensor, w as Tensor, b as Tensor, 1e-5)),
    });
    await expectSame({
      inputs: { x: floats([n, d], 1, 6) },
      step: withGradients(({ x }) => gelu(x as Tensor)),
    });
    await expectSame({
      inputs: { x: floats([n, d], 1, 6) },
      step: withGradients(({ x }) => geluErf(x as Tensor)),
    });
  });

  test.each([
    [1, 4],
    [5, 1],
    [33, 96],
  ])('rmsNorm and swiglu of %i x %i', async (n, d) => {
    await expectSame({
      inputs: { x: floats([n, d], 1, 3), w: floats([d], 2) },
      step: withGradients(({ x, w }) => rmsNorm(x as Tensor, w as Tensor, 1e-5)),
    });
    await expectSame({
      inputs: { gate: floats([n, d], 1, 8), up: floats([n, d], 2) },
      step: withGradients(({ gate, up }) => swiglu(gate as Tensor, up as Tensor)),
    });
  });

  // from 16 to 256 rows these go through the graph transposed, see columns.ts
  test.each([15, 16, 40, 256, 257])('residual, rmsNorm and swiglu between linears of %i rows', async (n) => {
    await expectSame({
      inputs: {
        ...{ x: floats([n, 6], 1), w: floats([6], 2), bias: floats([6], 3) },
        ...{ gate: floats([9, 6], 4), up: floats([9, 6], 5), down: floats([6, 9], 6) },
      },
      step: withGradients((inputs) => {
        const { x, w, bias, gate, up, down } = inputs as Record<
          'x' | 'w' | 'bias' | 'gate' | 'up' | 'down',
          Tensor
        >;
        const block = (given: Tensor) => {
          const normed = rmsNorm(given, w, 1e-5);
          return tf.add(given, linear(swiglu(linear(normed, gate), linear(normed, up)), down));
        };
        const y = block(block(x));
        // readers that know nothing of it: a product with y on either side, an elementwise op, a bias
        return tf.add(tf.mul(y, tf.tanh(y)), linear(y, tf.matMul(down, down, false, true), bias));
      }),
    });
  });

  test.each([
    [1, 4, 1],
    [3, 7, 0.7],
    [33, 96, 1.3],
    [5, 1, 1],
  ])('tokenLogProbs and tokenEntropy of %i x %i at %f', async (n, v, temperature) => {
    const inputs = { logits: floats([n, v], 1, 6), targets: ids([n], v, 9) };
    await expectSame({
      inputs,
      step: withGradients(({ logits, targets }) =>
        tokenLogProbs(logits as Tensor, targets as Tensor, temperature),
      ),
    });
    await expectSame({
      inputs,
      step: ({ logits }) => ({ entropy: tokenEntropy(logits as Tensor, temperature) }),
    });
  });

  const masks: Record<string, (t: number, time: number, b: number) => number> = {
    none: () => 1,
    left: (t, time, b) => (t >= Math.floor((time * (b % 3)) / 4) ? 1 : 0),
    right: (t, time, b) => (t < time - Math.floor((time * (b % 3)) / 4) ? 1 : 0),
    gap: (t, time, b) => (t === Math.floor(time / 2) || (b === 1 && t === 1) ? 0 : 1),
    'an empty row': (_t, _time, b) => (b === 0 ? 0 : 1),
  };
  test.each(
    Object.keys(masks).flatMap((padding) => [
      { padding, batch: 2, time: 1, numHeads: 1, numKvHeads: 1, headDim: 2 },
      { padding, batch: 3, time: 7, numHeads: 4, numKvHeads: 2, headDim: 6 },
      { padding, batch: 2, time: 13, numHeads: 3, numKvHeads: 1, headDim: 10 },
      // blocks of queries, the last one shorter
      { padding, batch: 3, time: 301, numHeads: 4, numKvHeads: 2, headDim: 6 },
    ]),
  )('ropeAttention, padding $padding, T $time, heads $numHeads/$numKvHeads of $headDim', async (shape) => {
    const { batch, time, headDim, numHeads, numKvHeads } = shape;
    const n = batch * time;
    const isSeen = masks[shape.padding] as (typeof masks)[string];
    const table = tf.tidy(() =>
      [tf.cos(randomTensor([20, headDim / 2], 3, 3)), tf.sin(randomTensor([20, headDim / 2], 3, 3))].map(
        (t) => ({ shape: t.shape, data: Float32Array.from(t.dataSync()) }),
      ),
    );
    await expectSame({
      inputs: {
        q: floats([n, numHeads * headDim], 5, 2),
        k: floats([n, numKvHeads * headDim], 6, 2),
        v: floats([n, numKvHeads * headDim], 7),
        positionsBT: ids([batch, time], 20, 4),
        maskBT: ints(
          [batch, time],
          Array.from({ length: n }, (_, i) => isSeen(i % time, time, Math.floor(i / time))),
        ),
      },
      step: (inputs) => {
        const [cos, sin] = table.map(({ shape: size, data }) => tf.tensor(data, size)) as [Tensor, Tensor];
        const { positionsBT, maskBT, ...rest } = inputs as Record<string, Tensor> & {
          positionsBT: Tensor;
          maskBT: Tensor;
        };
        return withGradients(({ q, k, v }) =>
          ropeAttention(
            { q: q as Tensor, k: k as Tensor, v: v as Tensor, cos, sin, positionsBT, maskBT },
            shape,
          ),
        )(rest);
      },
    });
  });

  test.each([1, 5, 1003])('adamw over three steps of %i elements, with and without decay', async (size) => {
    const scalars = { learningRate: 0.01, biasCorrection1: 0.1, biasCorrection2: 0.05, gradScale: 0.5 };
    const inputs: Record<string, HostTensor> = { grad: floats([size], 2) };
    for (const [name, value] of Object.entries(scalars))
      inputs[name] = { shape: [], data: Float32Array.of(value) };
    for (const weightDecay of [0, 0.1]) {
      await expectSame({
        inputs,
        variables: {
          param: floats([size], 1),
          firstMoment: floats([size], 3, 0.01),
          secondMoment: { shape: [size], data: randomValues(size, 4).map(Math.abs) },
        },
        step: (given, variables) => {
          adamw({ ...given, ...variables } as unknown as Parameters<typeof adamw>[0], {
            ...{ beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay },
          });
          return {};
        },
        times: 3,
      });
    }
  });

  test('reads before and after an update in one step see the old and the new value', async () => {
    const one = { shape: [], data: Float32Array.of(1) };
    const scalars = { learningRate: one, biasCorrection1: one, biasCorrection2: one, gradScale: one };
    await expectSame({
      inputs: { grad: floats([4], 2), ...scalars },
      variables: {
        param: floats([4], 1),
        firstMoment: floats([4], 3),
        secondMoment: { shape: [4], data: Float32Array.of(1, 2, 3, 4) },
      },
      step: (given, { param, firstMoment, secondMoment }) => {
        const before = tf.mul(param as Variable, 2);
        const variables = { param, firstMoment, secondMoment };
        adamw({ ...given, ...variables } as unknown as Parameters<typeof adamw>[0], {
          ...{ beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 },
        });
        return { before, after: tf.mul(param as Variable, 3) };
      },
      times: 2,
    });
  });

  test('sumSquares', async () => {
    await expectSame({
      inputs: { x: floats([7, 9], 1, 3) },
      step: ({ x }) => ({ sum: sumSquares(x as Tensor) }),
    });
  });

  test.each([0, 0.5, 1, 1.7])('sampleToken at temperature %f', async (temperature) => {
    const rows = 40;
    await expectSame({
      inputs: {
        logits: floats([rows, 33], 1, 4),
        uniforms: {
          shape: [rows],
          data: Float32Array.from(
            { length: rows },
            (_, i) => i / (rows - 1) - (i === rows - 1 ? 2 ** -24 : 0),
          ),
        },
      },
      step: ({ logits, uniforms }) => {
        const banned = tf.where(tf.greater(logits as Tensor, 3.5), tf.scalar(-1e9), logits as Tensor);
        const { tokensB, logProbsB } = sampleToken(banned, uniforms as Tensor, temperature);
        return { tokensB, logProbsB };
      },
    });
  });

  test.each([
    { batch: 1, numHeads: 1, numKvHeads: 1, headDim: 2, slots: 4, time: 1 },
    { batch: 3, numHeads: 4, numKvHeads: 2, headDim: 6, slots: 9, time: 5 },
    { batch: 17, numHeads: 4, numKvHeads: 2, headDim: 6, slots: 9, time: 5 },
  ])('key/value cache and one-token attention, heads $numHeads/$numKvHeads', async (shape) => {
    const { batch, numHeads, numKvHeads, headDim, slots, time } = shape;
    const cache = [batch, numKvHeads, slots, headDim];
    await expectSame({
      inputs: {
        x: floats([batch, 8], 1),
        wq: floats([numHeads * headDim, 8], 2),
        wk: floats([numKvHeads * headDim, 8], 3),
        wv: floats([numKvHeads * headDim, 8], 12),
        prefillK: floats([batch * time, numKvHeads * headDim], 4),
        prefillV: floats([batch * time, numKvHeads * headDim], 5),
        cos: floats([20, headDim / 2], 6),
        sin: floats([20, headDim / 2], 7),
        positionsBT: ids([batch, time], 20, 8),
        positionsB: ids([batch], 20, 9),
        // the first row sees nothing at all
        maskBS: ints(
          [batch, slots],
          Array.from({ length: batch * slots }, (_, i) => (batch > 1 && i < slots ? 0 : i % 3 ? 1 : 0)),
        ),
        slot: ints([], [time]),
      },
      variables: { cacheK: floats(cache, 10), cacheV: floats(cache, 11) },
      step: (inputs, variables) => {
        const { cacheK, cacheV } = variables as Record<'cacheK' | 'cacheV', Variable>;
        const given = inputs as Record<
          'x' | 'wq' | 'wk' | 'wv' | 'cos' | 'sin' | 'positionsB' | 'maskBS' | 'slot',
          Tensor
        >;
        writeKvCache(
          {
            k: inputs.prefillK as Tensor,
            v: inputs.prefillV as Tensor,
            cos: given.cos,
            sin: given.sin,
            positionsBT: inputs.positionsBT as Tensor,
            cacheK,
            cacheV,
          },
          shape,
        );
        const { x, wq, wk, wv, cos, sin, positionsB, maskBS, slot } = given;
        const qkv = { q: linear(x, wq), k: linear(x, wk), v: linear(x, wv) };
        return {
          y: ropeDecodeAttention({ ...qkv, cos, sin, positionsB, maskBS, slot, cacheK, cacheV }, shape),
        };
      },
      times: 2,
    });
  });

  test('kernels of tfjs that losses and their gradients use', async () => {
    await expectSame({
      inputs: { x: floats([4, 6], 1, 2), y: floats([4, 1], 2, 2), ids: ids([3], 4, 3) },
      step: ({ ids: picked, ...rest }) => {
        const all = withGradients(({ x, y }) => {
          const [a, b] = [x as Tensor, y as Tensor];
          const terms = [
            tf.softplus(tf.sub(a, b)),
            tf.maximum(tf.mul(a, b), tf.minimum(a, tf.mul(a, 2))),
            tf.div(tf.exp(tf.clipByValue(a, -1, 1)), tf.add(tf.square(b), 1)),
            tf.relu(a),
            tf.tanh(a),
            tf.sigmoid(a),
            tf.softmax(a),
            tf.logSoftmax(a),
            tf.mul(tf.logSumExp(a, 1, true), tf.mean(a, 0, true)),
            tf.concat([tf.slice(a, [0, 2], [-1, 4]), tf.slice(a, [0, 0], [4, 2])], 1),
            tf.matMul(tf.matMul(a, a, false, true), a),
            tf.transpose(tf.reshape(tf.transpose(a), [4, 6]).reshape([6, 4])),
            tf.mul(tf.cast(tf.greaterEqual(a, 0.1), 'float32'), b),
          ];
          return tf.addN(terms);
        })(rest);
        const x = rest.x as Tensor;
        return {
          ...all,
          rows: tf.gather(x, picked as never),
          best: tf.argMax(x, 1),
          cumulated: tf.cumsum(x, 1),
          count: tf.sum(tf.cast(tf.logicalAnd(tf.less(x, 1), tf.notEqual(x, 0)), 'int32')),
          chosen: tf.where(tf.less(x, 0), tf.zerosLike(x), x),
          oneHot: tf.cast(tf.oneHot(picked as never, 4), 'float32'),
        };
      },
    });
  });
});
