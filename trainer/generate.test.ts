import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../lib/rng.ts';
import { sharedPath } from '../tests/support/shared-data.ts';
import { withNative } from '../tests/support/tested-backends.ts';
import { chooseBackend } from './backends/choose.ts';
import { createGenerator, type GenerateArgs, type Generated, generate } from './generate.ts';
import { type ModelConfig, newModelConfig } from './model/config.ts';
import { forwardHidden, lmLogits } from './model/decoder.ts';
import { initParams } from './model/init-params.ts';
import { disposeParams, newParam, type Params } from './model/params.ts';
import { positionsFromMask } from './model/positions.ts';
import type { TokenBatch } from './model/token-batch.ts';
import { tokenLogProbs } from './ops/token-log-probs.ts';
import { compile } from './tensors/compile.ts';
import { type Tensor, tf } from './tensors/tf.ts';

const VOCAB = 12;
const PAD = 0;
const EOS = 1;
const TEMPERATURE = 0.7;
const config = newModelConfig({
  vocabSize: VOCAB,
  hiddenSize: 16,
  intermediateSize: 24,
  numLayers: 2,
  numHeads: 4,
  numKvHeads: 2,
  maxPositions: 40,
  initializerRange: 0.4,
});
const PROMPTS = [[3, 4, 5], [6], [7, 8, 9, 10, 11, 3, 2], [2, 2]];

/** Log-probabilities of each response token by the training forward, one right-padded batch. */
async function trainingLogProbs(
  params: Params,
  prompts: number[][],
  responses: number[][],
  temperature: number,
): Promise<number[][]> {
  const rows = prompts.map((prompt, i) => [...prompt, ...(responses[i] as number[])]);
  const time = Math.max(...rows.map((row) => row.length));
  const ids = new Int32Array(rows.length * time);
  const mask = new Int32Array(rows.length * time);
  rows.forEach((row, i) => {
    ids.set(row, i * time);
    mask.fill(1, i * time, i * time + row.length);
  });
  const shape = [rows.length, time];
  const next = Int32Array.from(ids, (_, i) => ids[i + 1] ?? 0);
  const step = compile('log-probs', ({ nextN, ...batch }: TokenBatch & { nextN: Tensor }) => ({
    logProbs: tokenLogProbs(
      lmLogits(params, config, forwardHidden(params, config, batch)),
      nextN,
      temperature,
    ),
  }));
  const { logProbs } = await step({
    idsBT: { shape, data: ids },
    maskBT: { shape, data: mask },
    positionsBT: { shape, data: positionsFromMask(mask, time) },
    nextN: { shape: [ids.length], data: next },
  });
  // the token at place t is predicted at place t - 1 (training.md P3)
  return responses.map((response, i) => {
    const start = i * time + (prompts[i] as number[]).length - 1;
    return [...logProbs.data.subarray(start, start + response.length)];
  });
}

function expectClose(actual: number[][], expected: number[][], tolerance: number): void {
  expect(actual.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  for (const [i, row] of actual.entries()) {
    for (const [t, value] of row.entries())
      expect(Math.abs(value - (expected[i]?.[t] as number))).toBeLessThan(tolerance);
  }
}

describe.each(withNative(['cpu', 'simd']))('generate on %s', (backend) => {
  let params: Params;
  beforeAll(async () => {
    await chooseBackend(backend);
    params = initParams(config, createRng(1, 'init'));
  });
  afterAll(() => disposeParams(params));

  const run = (changes: Partial<GenerateArgs> = {}, of: Params = params) =>
    generate({
      params: of,
      config,
      promptIds: PROMPTS,
      maxNewTokens: 20,
      temperature: TEMPERATURE,
      rng: createRng(5, 'sampling'),
      eosTokenIds: [EOS],
      padTokenId: PAD,
      ...changes,
    });

  it('reports the log-probabilities that the training forward gives, at every temperature', async () => {
    for (const temperature of [TEMPERATURE, 1, 1.6]) {
      const { responses, logProbs } = await run({ temperature });
      expectClose(logProbs, await trainingLogProbs(params, PROMPTS, responses, temperature), 1e-4);
    }
    const greedy = await run({ temperature: 0 });
    expectClose(greedy.logProbs, await trainingLogProbs(params, PROMPTS, greedy.responses, 1), 1e-4);
  });

  it('ends rows at EOS, keeps it, and says which rows ended', async () => {
    const { responses, ended } = await run({ maxNewTokens: 12, promptIds: new Array(30).fill([3, 4]) });
    expect(new Set(ended).size).toBe(2);
    for (const [i, response] of responses.entries()) {
      expect(response.indexOf(EOS)).toBe(ended[i] ? response.length - 1 : -1);
      if (!ended[i]) expect(response).toHaveLength(12);
    }
  });

  it('samples a prompt the same alone, beside longer ones, and in another split of the batch', async () => {
    const together = await run();
    const rng = createRng(5, 'sampling');
    const apart: Generated[] = [];
    for (const promptIds of [PROMPTS.slice(0, 1), PROMPTS.slice(1, 3), PROMPTS.slice(3)])
      apart.push(await run({ promptIds, rng }));
    expect(apart.flatMap((part) => part.responses)).toEqual(together.responses);
    expectClose(
      apart.flatMap((part) => part.logProbs),
      together.logProbs,
      1e-5,
    );
    expect(apart.flatMap((part) => part.ended)).toEqual(together.ended);
  });

  it('repeats itself for the same seed and not for another', async () => {
    expect(await run()).toEqual(await run());
    expect((await run({ rng: createRng(6, 'sampling') })).responses).not.toEqual((await run()).responses);
  });

  it('draws tokens as often as their probability says', async () => {
    const draws = 4000;
    const { responses } = await run({ promptIds: new Array(draws).fill([3, 4]), maxNewTokens: 1 });
    const probabilities: number[] = [];
    for (let token = 0; token < VOCAB; token++) {
      const [logProbs] = await trainingLogProbs(params, [[3, 4]], [[token]], TEMPERATURE);
      probabilities.push(Math.exp(logProbs?.[0] as number));
    }
    const counts = new Array<number>(VOCAB).fill(0);
    for (const [token] of responses) counts[token as number] = (counts[token as number] as number) + 1;
    const chiSquare = counts.reduce((sum, count, token) => {
      const expected = draws * (probabilities[token] as number);
      return sum + (count - expected) ** 2 / expected;
    }, 0);
    // 11 degrees of freedom: above 44 with probability 7e-6
    expect(chiSquare).toBeLessThan(44);
  });

  it('never draws EOS before minNewTokens', async () => {
    const { responses } = await run({ minNewTokens: 6, maxNewTokens: 8, promptIds: new Array(20).fill([3]) });
    expect(responses.every((response) => !response.slice(0, 6).includes(EOS))).toBe(true);
    expect(responses.some((response) => response.includes(EOS))).toBe(true);
  });

  it('stops decoding once every row has ended', async () => {
    const args = { promptIds: [[3, 4]], temperature: 0, maxNewTokens: 20 };
    const second = (await run(args)).responses[0]?.[1] as number;
    let result = await run(args);
    const { kernels } = await tf.profile(async () => {
      result = await run({ ...args, eosTokenIds: [second] });
      return tf.scalar(0);
    });
    const first = (result.responses[0] as number[]).indexOf(second);
    expect(result.responses[0]).toHaveLength(first + 1);
    expect(kernels.filter((kernel) => kernel.name === 'PlumblineSampleToken')).toHaveLength(first + 1);
  });

  it('leaves no tensor behind, also when it fails midway', async () => {
    await run();
    const before = tf.memory().numTensors;
    await run();
    const { 'model.norm.weight': _, ...broken } = params;
    await expect(run({}, broken)).rejects.toThrow('model.norm.weight');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('draws the same from a kept generator, whatever its caches held before', async () => {
    const generator = createGenerator({ params, config });
    const sampling = { temperature: TEMPERATURE, eosTokenIds: [EOS], padTokenId: PAD };
    const before = tf.memory().numTensors;
    for (const [seed, maxNewTokens] of [
      [1, 20],
      [2, 5],
      [3, 20],
    ] as const) {
      // three times the same two sizes of cache, prompts in another order each time
      const promptIds = [...PROMPTS.slice(seed), ...PROMPTS.slice(0, seed)];
      const args = { ...sampling, promptIds, maxNewTokens };
      const kept = await generator.generate({ ...args, rng: createRng(seed, 'kept') });
      expect(kept).toEqual(await generate({ params, config, ...args, rng: createRng(seed, 'kept') }));
      // one row more: a cache of its own, for which the oldest makes room in the end
      await generator.generate({ ...args, promptIds: promptIds.slice(seed), rng: createRng(seed, 'kept') });
    }
    generator.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what it cannot continue', async () => {
    await expect(run({ promptIds: [[3], []] })).rejects.toThrow('prompt 1 is empty');
    await expect(run({ promptIds: [[3, VOCAB]] })).rejects.toThrow(`prompt 0 has token ${VOCAB}`);
    await expect(run({ maxNewTokens: 38 })).rejects.toThrow("pass the model's 40 positions");
    await expect(run({ maxNewTokens: 0 })).rejects.toThrow('maxNewTokens 0');
    await expect(run({ temperature: Number.NaN })).rejects.toThrow('temperature NaN');
    await expect(run({ eosTokenIds: [99] })).rejects.toThrow('special token 99');
    expect(await run({ promptIds: [] })).toEqual({ responses: [], logProbs: [], ended: [] });
  });
});

describe.each(withNative(['cpu', 'simd']))("lm-human-preferences' sampler test on %s", (backend) => {
  const path = sharedPath('spec', 'vectors.json');

  it.skipIf(!path)('a policy that always says the next number counts on', async () => {
    await chooseBackend(backend);
    const expected = JSON.parse(readFileSync(path as string, 'utf8')).upstream_lhp_sampler;
    const size = 8;
    const counting: ModelConfig = newModelConfig({
      vocabSize: size,
      hiddenSize: size,
      intermediateSize: 4,
      numLayers: 1,
      numHeads: 2,
      maxPositions: 16,
      tieWordEmbeddings: false,
    });
    // one-hot embeddings, blocks that add nothing, and a head that looks at the number before
    const params = initParams(counting, createRng(1, 'init'));
    const set = (name: string, shape: number[], value: (row: number, column: number) => number) => {
      params[name]?.dispose();
      const [rows, columns] = shape as [number, number];
      params[name] = newParam(
        Float32Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns)),
        shape,
      );
    };
    set('model.embed_tokens.weight', [size, size], (row, column) => (row === column ? 1 : 0));
    set('model.layers.0.self_attn.o_proj.weight', [size, size], () => 0);
    set('model.layers.0.mlp.down_proj.weight', [size, 4], () => 0);
    set('lm_head.weight', [size, size], (row, column) => (row === column + 1 ? 30 : 0));
    const { responses } = await generate({
      params,
      config: counting,
      promptIds: expected.context,
      maxNewTokens: expected.length,
      temperature: 1,
      rng: createRng(1, 'sampling'),
      eosTokenIds: [],
      padTokenId: 0,
    });
    const continued = expected.context.map((context: number[], i: number) => [
      ...context,
      ...(responses[i] as number[]),
    ]);
    expect(continued).toEqual(expected.tokens);
    disposeParams(params);
  });
});
