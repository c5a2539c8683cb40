/** Properties of the decoder that hold without reference numbers; the numbers are in tests/trainer/fixtures-lm.test.ts. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { withNative } from '../../tests/support/tested-backends.ts';
import { chooseBackend } from '../backends/choose.ts';
import { compile } from '../tensors/compile.ts';
import { tf } from '../tensors/tf.ts';
import { type ModelConfig, newGpt2Config, newModelConfig } from './config.ts';
import { decodeHidden, forwardHidden, lmLogits, prefillHidden } from './decoder.ts';
import { addScoreHead, scoreHeadStd, scoreHidden } from './heads.ts';
import { initParams } from './init-params.ts';
import { createKvCache, disposeKvCache } from './kv-cache.ts';
import { paramShapes } from './param-shapes.ts';
import { copyParams, countParams, disposeParams, newParam, type Params, readFloats } from './params.ts';
import { positionsFromMask } from './positions.ts';
import type { TokenBatch } from './token-batch.ts';

const VOCAB = 30;
const config = newModelConfig({
  vocabSize: VOCAB,
  hiddenSize: 16,
  intermediateSize: 20,
  numLayers: 2,
  numHeads: 4,
  numKvHeads: 2,
  maxPositions: 32,
  initializerRange: 0.3,
});
/** the same with everything switched on that is off by default, and a head width of its own */
const other: ModelConfig = {
  ...config,
  tieWordEmbeddings: false,
  attentionBias: true,
  mlpBias: true,
  headDim: 6,
  ropeTheta: 500,
  ropeScaling: { type: 'linear', factor: 1.5 },
};
const gpt2 = newGpt2Config({
  ...{ vocabSize: VOCAB, hiddenSize: 16, intermediateSize: 20, numLayers: 2, numHeads: 4, maxPositions: 32 },
  initializerRange: 0.3,
});

let made: Params[] = [];
function init(shape: ModelConfig, randomBiases = false): Params {
  const params = initParams(shape, createRng(1, 'init'));
  made.push(params);
  // biases start at 0, which would hide a bias that is left out
  const rng = createRng(1, 'biases');
  for (const [name, variable] of Object.entries(params)) {
    if (randomBiases && name.endsWith('.bias')) {
      tf.tidy(() => variable.assign(tf.tensor1d(Float32Array.from({ length: variable.size }, rng.normal))));
    }
  }
  return params;
}
afterEach(() => {
  made.forEach(disposeParams);
  made = [];
});

/** Logits [B*T][V] of rows of token ids, null being a pad. */
async function logitsOf(params: Params, shape: ModelConfig, rows: (number | null)[][]): Promise<number[][]> {
  const time = rows[0]?.length as number;
  const ids = Int32Array.from(rows.flat(), (id) => id ?? VOCAB - 1);
  const mask = Int32Array.from(rows.flat(), (id) => (id === null ? 0 : 1));
  const step = compile('logits', (batch: TokenBatch) => ({
    logits: lmLogits(params, shape, forwardHidden(params, shape, batch)),
  }));
  const dims = [rows.length, time];
  const { logits } = await step({
    idsBT: { shape: dims, data: ids },
    maskBT: { shape: dims, data: mask },
    positionsBT: { shape: dims, data: positionsFromMask(mask, time) },
  });
  return Array.from(ids, (_, i) => [...logits.data.subarray(i * VOCAB, (i + 1) * VOCAB)]);
}

function expectClose(actual: number[][], expected: number[][], tolerance = 1e-5): void {
  expect(actual.length).toBe(expected.length);
  const worst = Math.max(
    ...actual.flatMap((row, i) => row.map((value, j) => Math.abs(value - (expected[i]?.[j] as number)))),
  );
  expect(worst).toBeLessThan(tolerance);
}

describe.each(withNative(['cpu', 'simd']))('decoder on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  describe('initParams', () => {
    it('makes every tensor of the config, norms 1, biases 0, matrices of the wanted spread', () => {
      const params = init(other);
      expect(Object.fromEntries(Object.entries(params).map(([name, v]) => [name, v.shape]))).toEqual(
        Object.fromEntries(paramShapes(other)),
      );
      expect(readFloats(params['model.norm.weight'] as never).every((value) => value === 1)).toBe(true);
      expect(
        readFloats(params['model.layers.1.mlp.up_proj.bias'] as never).every((value) => value === 0),
      ).toBe(true);
      const embedding = readFloats(params['model.embed_tokens.weight'] as never);
      const std = Math.sqrt(embedding.reduce((sum, value) => sum + value * value, 0) / embedding.length);
      // 480 draws: relative standard error 1 / sqrt(2 * 480) = 3.2 %
      expect(Math.abs(std / 0.3 - 1)).toBeLessThan(5 * 0.033);
    });

    it('makes those of GPT-2, the projections into the residual stream smaller by sqrt(2 L)', () => {
      const wide = { ...gpt2, hiddenSize: 40, intermediateSize: 50, headDim: 10 };
      const params = init(wide);
      expect(Object.fromEntries(Object.entries(params).map(([name, v]) => [name, v.shape]))).toEqual(
        Object.fromEntries(paramShapes(wide)),
      );
      const norm = readFloats(params['transformer.h.1.ln_2.weight'] as never);
      expect(norm.every((value) => value === 1)).toBe(true);
      const spread = (name: string) => {
        const values = readFloats(params[name] as never);
        return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
      };
      // 2000 draws each: relative standard error 1.6 %
      expect(Math.abs(spread('transformer.h.1.mlp.c_fc.weight') / 0.3 - 1)).toBeLessThan(5 * 0.016);
      expect(Math.abs(spread('transformer.h.1.mlp.c_proj.weight') / (0.3 / 2) - 1)).toBeLessThan(5 * 0.016);
    });

    it('starts near the uniform distribution: loss about ln V for a small initializerRange', async () => {
      const small = { ...config, initializerRange: 0.02 };
      const rows = await logitsOf(init(small), small, [[1, 2, 3, 4, 5, 6]]);
      const loss = (row: number[], target: number) =>
        Math.log(row.reduce((sum, l) => sum + Math.exp(l), 0)) - (row[target] as number);
      const mean = [2, 3, 4, 5, 6].reduce((sum, target, t) => sum + loss(rows[t] as number[], target), 0) / 5;
      expect(Math.abs(mean - Math.log(VOCAB))).toBeLessThan(0.1);
    });

    it('copies are independent and counted', () => {
      const params = init(config);
      const copy = copyParams(params);
      made.push(copy);
      expect(countParams(copy)).toBe(
        [...paramShapes(config).values()].reduce((sum, s) => sum + s.reduce((a, b) => a * b, 1), 0),
      );
      (copy['model.norm.weight'] as ReturnType<typeof newParam>).assign(tf.zeros([16]));
      expect(readFloats(params['model.norm.weight'] as never)[0]).toBe(1);
    });
  });

  describe.each([
    ['default', config] as const,
    ['biases, untied, own head width, scaled positions', other] as const,
    ['GPT-2', gpt2] as const,
    ['GPT-2 with a head of its own', { ...gpt2, tieWordEmbeddings: false }] as const,
  ])('forward: %s', (_name, shape) => {
    const tokens = [5, 9, 2, 17];
    const alone = () => logitsOf(init(shape, true), shape, [tokens]);
    const params = () => made[0] as Params;

    it('depends on every parameter', async () => {
      const full = await alone();
      for (const [name, variable] of Object.entries(params())) {
        const original = readFloats(variable);
        tf.tidy(() =>
          variable.assign(
            tf.add(
              variable,
              tf
                .range(1, variable.size + 1)
                .reshape(variable.shape)
                .div(variable.size),
            ),
          ),
        );
        const changed = await logitsOf(params(), shape, [tokens]);
        const change = Math.max(
          ...changed.flatMap((row, i) => row.map((value, j) => Math.abs(value - (full[i]?.[j] as number)))),
        );
        // a bias of the keys moves all scores of a query alike, but for the rotation
        expect(change, name).toBeGreaterThan(1e-4);
        tf.tidy(() => variable.assign(tf.tensor(original, variable.shape)));
      }
    });

    it('does not see the future', async () => {
      const full = await alone();
      expectClose((await logitsOf(params(), shape, [[5, 9, 3, 1]])).slice(0, 2), full.slice(0, 2), 1e-6);
    });

    it('gives the same with padding left, right, in gaps, and beside other rows', async () => {
      const full = await alone();
      const padded = await logitsOf(params(), shape, [
        [null, null, null, ...tokens],
        [...tokens, null, null, null],
        [5, null, 9, null, 2, null, 17],
        [1, 2, 3, 4, 5, 6, 7],
        [null, null, null, null, null, null, null],
      ]);
      const row = (index: number, columns: number[]) => columns.map((t) => padded[index * 7 + t] as number[]);
      expectClose(row(0, [3, 4, 5, 6]), full);
      expectClose(row(1, [0, 1, 2, 3]), full);
      expectClose(row(2, [0, 2, 4, 6]), full);
      expect(padded.flat().every(Number.isFinite)).toBe(true);
    });

    it('gives the same through the cache, token by token', async () => {
      const full = await alone();
      const cache = createKvCache(shape, { batch: 2, slots: 5 });
      const model = params();
      const prefill = compile('prefill', (batch: TokenBatch) => ({
        logits: lmLogits(
          model,
          shape,
          prefillHidden(model, shape, { ...batch, rowsM: tf.range(0, 6, 1, 'int32'), cache }),
        ),
      }));
      const decode = compile('decode', (batch: Omit<Parameters<typeof decodeHidden>[2], 'cache'>) => ({
        logits: lmLogits(model, shape, decodeHidden(model, shape, { ...batch, cache })),
      }));
      // row 0: pad 5 9 | 2 17, row 1 without meaning
      const dims = [2, 3];
      const prefilled = await prefill({
        idsBT: { shape: dims, data: Int32Array.of(0, 5, 9, 1, 1, 1) },
        maskBT: { shape: dims, data: Int32Array.of(0, 1, 1, 1, 1, 1) },
        positionsBT: { shape: dims, data: Int32Array.of(0, 0, 1, 0, 1, 2) },
      });
      expectClose([[...prefilled.logits.data.subarray(2 * VOCAB, 3 * VOCAB)]], [full[1] as number[]]);
      for (const [i, token] of [2, 17].entries()) {
        const { logits } = await decode({
          idsB: { shape: [2], data: Int32Array.of(token, 1) },
          positionsB: { shape: [2], data: Int32Array.of(2 + i, 3 + i) },
          maskBS: { shape: [2, 5], data: Int32Array.of(0, 1, 1, 1, 1, 1, 1, 1, 1, 1) },
          slot: { shape: [], data: Int32Array.of(3 + i) },
        });
        expectClose([[...logits.data.subarray(0, VOCAB)]], [full[2 + i] as number[]]);
      }
      disposeKvCache(cache);
    });
  });

  describe('score head', () => {
    it('starts with N(0, 1 / sqrt(d + 1)) (training.md R9)', () => {
      expect(scoreHeadStd({ ...config, hiddenSize: 64 })).toBeCloseTo(0.12403473458920847, 15);
      expect(scoreHeadStd({ ...config, hiddenSize: 768 })).toBeCloseTo(0.036060922298730945, 15);
      const wide = { ...config, hiddenSize: 4000, numLayers: 0 };
      const { params } = addScoreHead({}, wide, createRng(1, 'head'));
      made.push(params);
      const weights = readFloats(params['score.weight'] as never);
      const std = Math.sqrt(weights.reduce((sum, value) => sum + value * value, 0) / weights.length);
      expect(Math.abs(std * Math.sqrt(4001) - 1)).toBeLessThan(5 / Math.sqrt(8000));
    });

    it('takes over the trunk, frees a separate LM head, and cannot be added twice', () => {
      const before = tf.memory().numTensors;
      const language = initParams(other, createRng(1, 'init'));
      const reward = addScoreHead(language, other, createRng(2, 'head'));
      expect(reward.params['lm_head.weight']).toBeUndefined();
      expect(reward.params['model.norm.weight']).toBe(language['model.norm.weight']);
      expect(() => addScoreHead(reward.params, reward.config, createRng(3, 'head'))).toThrow(
        'already has score.weight',
      );
      disposeParams(reward.params);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('scores are the dot product with the weight, then gain and bias', () => {
      const params: Params = { 'score.weight': newParam(Float32Array.of(1, -2, 0.5), [1, 3]) };
      made.push(params);
      const scored = (gain: number, bias: number) =>
        tf.tidy(() => [
          ...scoreHidden(
            params,
            { ...config, rewardGain: gain, rewardBias: bias },
            tf.tensor2d([
              [1, 1, 1],
              [0, 3, 2],
            ]),
          ).dataSync(),
        ]);
      expect(scored(1, 0)).toEqual([-0.5, -5]);
      expect(scored(2, 0.25)).toEqual([-0.75, -9.75]);
    });
  });

  it('names a missing parameter', async () => {
    const { 'model.norm.weight': gone, ...rest } = init(config);
    await expect(logitsOf(rest, config, [[1]])).rejects.toThrow('model has no parameter model.norm.weight');
    expect(gone?.isDisposed).toBe(false);
  });
});
