/** Recomputed blocks, products in bfloat16 and the graph's own shortcuts against plain float32 steps of the same model. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { withNative } from '../../tests/support/tested-backends.ts';
import { type BackendName, chooseBackend, isNativeInstalled } from '../backends/choose.ts';
import { crossEntropy } from '../losses/cross-entropy.ts';
import { embedding } from '../ops/embedding.ts';
import { tokenLogProbs } from '../ops/token-log-probs.ts';
import { valueAndGrads } from '../optim/value-and-grads.ts';
import { compile, type HostTensor, type Precision } from '../tensors/compile.ts';
import { type Tensor, tf } from '../tensors/tf.ts';
import { type ModelConfig, newGpt2Config, newModelConfig } from './config.ts';
import { forwardHidden, lmLogits } from './decoder.ts';
import { initParams } from './init-params.ts';
import { disposeParams, type Params } from './params.ts';
import type { ForwardOptions, TokenBatch } from './token-batch.ts';

const SHAPE = {
  vocabSize: 40,
  hiddenSize: 24,
  intermediateSize: 36,
  numLayers: 3,
  numHeads: 4,
  maxPositions: 32,
};
const MODELS: Record<string, ModelConfig> = {
  llama: newModelConfig({ ...SHAPE, numKvHeads: 2, initializerRange: 0.2 }),
  gpt2: newGpt2Config({ ...SHAPE, initializerRange: 0.2 }),
};
const [BATCH, TIME] = [3, 7];

let made: Params[] = [];
afterEach(() => {
  made.forEach(disposeParams);
  made = [];
});

/** Loss and gradients of one step on rows of which the last is half padding; of `rows` alone where they are given. */
function lossAndGrads(
  config: ModelConfig,
  options: Pick<ForwardOptions, 'recompute'> & {
    precision?: Precision;
    rows?: { picked: number[]; by: 'model' | 'caller' };
  } = {},
) {
  const params = initParams(config, createRng(4, 'init'));
  made.push(params);
  const step = compile(
    'test step',
    (inputs: TokenBatch & Record<'targetsN' | 'weightsN', Tensor>) => {
      const { loss, grads } = valueAndGrads(params, () => {
        const { rows, recompute } = options;
        const rowsM = rows && tf.tensor1d(rows.picked, 'int32');
        const picked = rows?.by === 'model' ? rowsM : undefined;
        const hiddenND = forwardHidden(params, config, inputs, { recompute, rowsM: picked });
        const hiddenMD = rowsM && !picked ? embedding(hiddenND, rowsM) : hiddenND;
        const of = (valuesN: Tensor): Tensor => (rowsM ? tf.gather(valuesN, rowsM) : valuesN);
        const logProbsM = tokenLogProbs(lmLogits(params, config, hiddenMD), of(inputs.targetsN));
        return { loss: crossEntropy(logProbsM, of(inputs.weightsN)) };
      });
      return { loss, ...grads };
    },
    options,
  );
  const ints = (value: (i: number) => number): HostTensor => ({
    shape: [BATCH, TIME],
    data: Int32Array.from({ length: BATCH * TIME }, (_, i) => value(i)),
  });
  const isToken = (i: number) => Math.floor(i / TIME) < BATCH - 1 || i % TIME < 4;
  return step({
    idsBT: ints((i) => (i * 7 + 3) % config.vocabSize),
    maskBT: ints((i) => Number(isToken(i))),
    positionsBT: ints((i) => i % TIME),
    targetsN: { shape: [BATCH * TIME], data: ints((i) => (i * 5 + 1) % config.vocabSize).data },
    weightsN: {
      shape: [BATCH * TIME],
      data: Float32Array.from({ length: BATCH * TIME }, (_, i) => (isToken(i) ? (1 + (i % 3)) / 30 : 0)),
    },
  });
}

/** Largest difference of two results of the same names, relative to the largest value of each tensor. */
function largestDifference(a: Record<string, HostTensor>, b: Record<string, HostTensor>): number {
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
  let worst = 0;
  for (const [name, { data }] of Object.entries(a)) {
    const values = Array.from(data);
    const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    values.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - (b[name]?.data[i] as number)) / scale);
    });
  }
  return worst;
}

describe.each(withNative(['cpu', 'simd']))('on %s', (backend: BackendName) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  it.each(Object.keys(MODELS))('%s: recomputed blocks give the same loss and gradients', async (family) => {
    const config = MODELS[family] as ModelConfig;
    const plain = await lossAndGrads(config);
    const before = tf.memory().numTensors;
    const again = await lossAndGrads(config, { recompute: true });
    expect(largestDifference(plain, again)).toBeLessThan(1e-5);
    // the parameters of the second model are all that is left
    expect(tf.memory().numTensors - before).toBe(Object.keys(made[1] as Params).length);
  });

  it.each(Object.keys(MODELS))(
    '%s: the last block of a few rows gives what picking them afterwards gives',
    async (family) => {
      const config = MODELS[family] as ModelConfig;
      // out of order, one twice, one of padding
      for (const picked of [[2, 9, 6, 9, 20], [13]]) {
        const after = await lossAndGrads(config, { rows: { picked, by: 'caller' } });
        for (const recompute of [false, true]) {
          const within = await lossAndGrads(config, { recompute, rows: { picked, by: 'model' } });
          expect(largestDifference(after, within)).toBeLessThan(1e-5);
        }
      }
    },
  );

  if (backend === 'native' || backend === 'cuda') {
    // the rows of the embedding's gradient are added into the head's, the weights of the loss go onto [N, D]
    it.each(Object.keys(MODELS))(
      '%s: gradients of a tied head equal those of the cpu backend',
      async (family) => {
        const config = MODELS[family] as ModelConfig;
        const traced = await lossAndGrads(config);
        await chooseBackend('cpu');
        const plain = await lossAndGrads(config);
        await chooseBackend('native');
        expect(largestDifference(plain, traced)).toBeLessThan(1e-5);
      },
    );

    it.each(Object.keys(MODELS))(
      '%s: bfloat16 products are near float32 ones, and are not the same',
      async (family) => {
        const config = MODELS[family] as ModelConfig;
        const difference = largestDifference(
          await lossAndGrads(config),
          await lossAndGrads(config, { precision: 'bfloat16' }),
        );
        // eight bits of mantissa: 2^-9 a product, a few of them in a row
        expect(difference).toBeLessThan(0.06);
        expect(difference).toBeGreaterThan(1e-4);
      },
    );
  } else {
    it('refuses bfloat16, naming the step', async () => {
      await expect(lossAndGrads(MODELS.llama as ModelConfig, { precision: 'bfloat16' })).rejects.toThrow(
        `test step: precision bfloat16 needs the native backend, this is ${backend}`,
      );
    });
  }
});

describe.runIf(isNativeInstalled())('out of memory on native', () => {
  it('names the size asked for and what to do, and goes on', async () => {
    await chooseBackend('native');
    const numRows = 400_000;
    const outer = compile('outer product', ({ x }: { x: Tensor }) => ({
      sum: tf.sum(tf.exp(tf.matMul(x, x, true, false))),
    }));
    const x = { shape: [1, numRows], data: new Float32Array(numRows) };
    await expect(outer({ x })).rejects.toThrow(
      /^outer product: .*\[400000,400000\].*596\.0 GiB.*out of memory: lower the batch size/,
    );
    const sum = compile('sum', ({ x }: { x: Tensor }) => ({ sum: tf.sum(x) }));
    expect((await sum({ x: { shape: [2], data: Float32Array.of(1, 2) } })).sum.data[0]).toBe(3);
  });
});
