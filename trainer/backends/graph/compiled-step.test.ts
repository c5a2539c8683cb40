/** Whole steps on native: a train step against the cpu backend, variables outside of steps, programs and their limits. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { createRng } from '../../../lib/rng.ts';
import { crossEntropy } from '../../losses/cross-entropy.ts';
import { newModelConfig } from '../../model/config.ts';
import { forwardHidden, lmLogits } from '../../model/decoder.ts';
import { initParams } from '../../model/init-params.ts';
import { copyParams, disposeParams, newParam, readFloats, readParams } from '../../model/params.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import { type AdamWScalars, createAdamW } from '../../optim/adamw.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile, type HostTensor } from '../../tensors/compile.ts';
import { type Tensor, tf, type Variable } from '../../tensors/tf.ts';
import { chooseBackend } from '../choose.ts';
import { loadAddon } from './addon.ts';
import type { NativeBackend } from './backend.ts';

const floats = (shape: number[], ...data: number[]): HostTensor => ({ shape, data: Float32Array.from(data) });
const config = newModelConfig({
  ...{ vocabSize: 40, hiddenSize: 24, intermediateSize: 40, numLayers: 2, numHeads: 4, numKvHeads: 2 },
  maxPositions: 32,
});
const backend = (): NativeBackend => tf.backend() as NativeBackend;

type Inputs<T> = Record<'idsBT' | 'maskBT' | 'positionsBT' | 'targetsN' | 'weightsN', T>;

function batchOf(time: number, seed: number): Inputs<HostTensor> {
  const rng = createRng(seed, 'batch');
  const rows = 3;
  const n = rows * time;
  const ids = () => Int32Array.from({ length: n }, () => rng.integer(config.vocabSize));
  const shape = [rows, time];
  return {
    idsBT: { shape, data: ids() },
    // the last row ends in padding
    maskBT: { shape, data: Int32Array.from({ length: n }, (_, i) => (i < n - 2 ? 1 : 0)) },
    positionsBT: { shape, data: Int32Array.from({ length: n }, (_, i) => i % time) },
    targetsN: { shape: [n], data: ids() },
    weightsN: { shape: [n], data: Float32Array.from({ length: n }, (_, i) => (i < n - 2 ? 1 / n : 0)) },
  };
}

function trainer() {
  const params = initParams(config, createRng(5, 'init'));
  const optimizer = createAdamW(params, {
    ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 },
  });
  const lossOf = (inputs: Inputs<Tensor>) => {
    const logitsNV = lmLogits(params, config, forwardHidden(params, config, inputs));
    return crossEntropy(tokenLogProbs(logitsNV, inputs.targetsN), inputs.weightsN);
  };
  const update = compile('update', (inputs: Inputs<Tensor> & AdamWScalars<Tensor>) => {
    const { loss, grads } = valueAndGrads(params, () => ({ loss: lossOf(inputs) }));
    return { loss, norm: optimizer.update(grads, inputs) };
  });
  const measure = compile('measure', (inputs: Inputs<Tensor>) => ({ loss: lossOf(inputs) }));
  return {
    ...{ params, optimizer, measure },
    step: async (inputs: Inputs<HostTensor>) => {
      const { loss, norm } = await update({ ...inputs, ...optimizer.advance(3e-3) });
      return [loss.data[0], norm.data[0]] as [number, number];
    },
    dispose: () => {
      optimizer.dispose();
      disposeParams(params);
    },
  };
}

describe('compiled steps on native', () => {
  beforeEach(async () => {
    await chooseBackend('native');
  });
  afterAll(async () => {
    await chooseBackend('cpu');
  });

  test('20 train steps of a small Llama, with evaluations between, give the losses of the cpu backend', async () => {
    const run = async (): Promise<number[]> => {
      const { step, measure, dispose } = trainer();
      const figures: number[] = [];
      for (let i = 0; i < 20; i++) {
        figures.push(...(await step(batchOf(i % 2 ? 7 : 5, i % 4))));
        if (i % 5 === 0) figures.push((await measure(batchOf(6, 9))).loss.data[0] as number);
      }
      dispose();
      return figures;
    };
    const actual = await run();
    await chooseBackend('cpu');
    const expected = await run();
    expected.forEach((value, i) => {
      expect(Math.abs((actual[i] as number) - value), `figure ${i}`).toBeLessThan(1e-4);
    });
    expect(expected.at(-2) as number).toBeLessThan(expected[0] as number);
  });

  test('what a checkpoint reads, put back, goes on bit for bit', async () => {
    const first = trainer();
    for (let i = 0; i < 3; i++) await first.step(batchOf(5, i));
    const saved = { params: readParams(first.params), optimizer: first.optimizer.exportState() };
    const expected = [first.step(batchOf(5, 3)), first.step(batchOf(5, 4))];
    first.dispose();

    const second = trainer();
    for (const [name, { shape, data }] of Object.entries(saved.params)) {
      tf.tidy(() => second.params[name]?.assign(tf.tensor(data.slice(), shape)));
    }
    second.optimizer.importState(saved.optimizer);
    expect([second.step(batchOf(5, 3)), second.step(batchOf(5, 4))]).toEqual(expected);
    second.dispose();
  });

  test('assigning from outside between steps is seen by the next step; copies stay as they were', async () => {
    const params = { w: newParam(Float32Array.of(1, 2), [2]) };
    const optimizer = createAdamW(params, {
      ...{ beta1: 0.9, beta2: 0.9, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1e9 },
    });
    const step = compile('step', ({ g, ...scalars }: { g: Tensor } & AdamWScalars<Tensor>) => ({
      norm: optimizer.update({ w: g }, scalars),
      w: tf.mul(params.w, 1),
    }));
    const feed = async () => (await step({ g: floats([2], 1, 1), ...optimizer.advance(0.5) })).w.data;
    expect((await feed())[0]).toBeCloseTo(0.5, 5);
    const copy = copyParams(params);
    const clone = params.w.clone();
    tf.tidy(() => params.w.assign(tf.tensor1d([10, 20])));
    expect((await feed())[0]).toBeCloseTo(9.5, 5);
    expect([...readFloats(params.w)].map((x) => Math.round(x * 10))).toEqual([95, 195]);
    expect(readFloats(copy.w as Variable)[0]).toBeCloseTo(0.5, 5);
    expect(clone.dataSync()[0]).toBeCloseTo(0.5, 5);
    clone.dispose();
    optimizer.dispose();
    disposeParams({ ...params, copy: copy.w as Variable });
  });

  test('a step compiled anew runs the graph that is loaded; steps leave no tensors behind', async () => {
    const run = async (value: number) => {
      const w = newParam(Float32Array.of(value), [1]);
      const step = compile('again', ({ x }: { x: Tensor }) => ({ y: tf.mul(x, w) }));
      const y = (await step({ x: floats([3], 1, 2, 3) })).y.data;
      w.dispose();
      return [...y];
    };
    await run(1);
    const before = {
      programs: backend().residency.numPrograms,
      tensors: tf.memory().numTensors,
      native: loadAddon().getNumOfTensors(),
      sessions: loadAddon().getNumOfSavedModels(),
    };
    for (let i = 2; i < 6; i++) expect(await run(i)).toEqual([i, 2 * i, 3 * i]);
    expect({
      programs: backend().residency.numPrograms,
      tensors: tf.memory().numTensors,
      native: loadAddon().getNumOfTensors(),
      sessions: loadAddon().getNumOfSavedModels(),
    }).toEqual(before);
  });

  test('200 steps take no more memory than 50: tensors of both sides, and the process', async () => {
    const { step, dispose } = trainer();
    const batch = batchOf(7, 1);
    for (let i = 0; i < 50; i++) await step(batch);
    const before = { tensors: tf.memory().numTensors, native: loadAddon().getNumOfTensors() };
    const bytes = process.memoryUsage.rss();
    for (let i = 0; i < 200; i++) await step(batch);
    expect({ tensors: tf.memory().numTensors, native: loadAddon().getNumOfTensors() }).toEqual(before);
    expect((process.memoryUsage.rss() - bytes) / 2 ** 20, 'MB more').toBeLessThan(64);
    dispose();
  });

  test('more shapes than programs are kept: values of variables survive', async () => {
    const params = { w: newParam(Float32Array.of(1), [1]) };
    const optimizer = createAdamW(params, {
      ...{ beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0, maxGradNorm: 1e9 },
    });
    const step = compile('many', ({ x, ...scalars }: { x: Tensor } & AdamWScalars<Tensor>) => ({
      norm: optimizer.update({ w: tf.reshape(tf.mean(x), [1]) }, scalars),
    }));
    const sizes = Array.from({ length: 60 }, (_, i) => i + 1);
    // each step takes off exactly the learning rate
    for (const size of sizes) {
      await step({ x: floats([size], ...new Array(size).fill(2)), ...optimizer.advance(0.25) });
    }
    expect(backend().residency.numPrograms).toBeLessThanOrEqual(48);
    expect(readFloats(params.w)[0]).toBeCloseTo(1 - 0.25 * sizes.length, 4);
    optimizer.dispose();
    disposeParams(params);
  });

  test('says what a step may not do, and which step it was', async () => {
    const w = newParam(Float32Array.of(1), [1]);
    const assigns = compile('assigns', ({ x }: { x: Tensor }) => {
      w.assign(x);
      return {};
    });
    await expect(assigns({ x: floats([1], 2) })).rejects.toThrow(
      /only ops such as adamw may change variables/,
    );
    w.dispose();
    const reads = compile('reads', ({ x }: { x: Tensor }) => ({ y: tf.mul(x, x.dataSync()[0] as number) }));
    await expect(reads({ x: floats([1], 2) })).rejects.toThrow(/reads a tensor back/);
    const odd = compile('odd', ({ x }: { x: Tensor }) => ({ y: tf.greater(x, 0) }));
    await expect(odd({ x: floats([1], 2) })).rejects.toThrow(
      'odd: output y is bool, expected float32 or int32',
    );
    const unknown = compile('unknown', ({ x }: { x: Tensor }) => ({ y: tf.acosh(x) }));
    await expect(unknown({ x: floats([1], 2) })).rejects.toThrow(
      /Acosh cannot be part of a compiled step yet/,
    );
    const beyond = compile('beyond', ({ ids }: { ids: Tensor }) => ({
      y: tf.gather(tf.tensor1d([1, 2]), ids as never),
    }));
    await expect(beyond({ ids: { shape: [1], data: Int32Array.of(7) } })).rejects.toThrow(
      /beyond: .*7 is not in \[0, 2\)/,
    );
  });
});
