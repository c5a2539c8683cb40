import { describe, expect, it } from 'vitest';
import { loraSchema } from '../config/lora.ts';
import { definitionOf, parseConfig, RECIPES } from '../config/recipes.ts';
import { asRewardModel, newModelConfig } from '../model/config.ts';
import { modelSize } from './model-size.ts';
import { flopsOf, memoryOf } from './run-cost.ts';

const smollm2 = newModelConfig({
  vocabSize: 49152,
  hiddenSize: 576,
  intermediateSize: 1536,
  numLayers: 30,
  numHeads: 9,
  numKvHeads: 3,
  maxPositions: 8192,
});
const rank16 = loraSchema.parse({ rank: 16 });
const sizesOf = (lora = loraSchema.parse({})) => ({
  start: modelSize(smollm2, lora),
  reward: modelSize(asRewardModel(smollm2), lora),
});
const data = { rows: 100, promptTokens: 64, responseTokens: 64, responsesPerRow: 2 };
const plain = { recompute: false };

describe('the size of a model', () => {
  it('counts an adapter: rank x (in + out) of each of the seven layers of a block, and the head of a reward model', () => {
    const perBlock = 576 + 576 + 2 * (576 + 192) + 576 + 576 + 3 * (576 + 1536);
    expect(sizesOf(rank16).start.trainable).toBe(16 * 30 * perBlock);
    expect(sizesOf(rank16).reward.trainable).toBe(16 * 30 * perBlock + 576);
    expect(sizesOf().start.trainable).toBe(134_515_008);
  });

  it('holds the products of blocks apart from embedding and norms', () => {
    const { parameters, blockParameters } = sizesOf().start;
    expect(parameters - blockParameters).toBe(49152 * 576 + 61 * 576);
  });
});

describe('the cost of a run', () => {
  const sft = (options: object) => definitionOf('sft').work(parseConfig('sft', options), data);
  const step = { batchSize: 4, maxLength: 128 };

  it('is near the peak RSS that docs/benchmarks.md has for a step of 4 x 128 of 135M', () => {
    const all = { ...data, promptTokens: 1, responseTokens: 127 };
    const work = definitionOf('sft').work(parseConfig('sft', step), all);
    const mib = memoryOf(work, sizesOf(), plain) / 2 ** 20;
    // 3,693 and 3,684 MiB were measured on two machines
    expect(Math.abs(mib / 3690 - 1)).toBeLessThan(0.15);
  });

  it('falls with an adapter and with recomputation', () => {
    const full = memoryOf(sft(step), sizesOf(), plain);
    expect(memoryOf(sft(step), sizesOf(rank16), plain)).toBeLessThan(full - 1.5e9);
    expect(memoryOf(sft(step), sizesOf(), { recompute: true })).toBeLessThan(full);
  });

  it('is six operations for each parameter and token; a third more with recomputation, a third less with an adapter', () => {
    const { start } = sizesOf();
    const work = sft({ ...step, epochs: 1 });
    const logits = 25 * 4 * 64 * 6 * 49152 * 576;
    const blocks = 25 * 4 * 128 * start.blockParameters;
    expect(flopsOf(work, sizesOf(), plain).compute).toBe(6 * blocks + logits);
    expect(flopsOf(work, sizesOf(), { recompute: true }).compute).toBe(8 * blocks + logits);
    expect(flopsOf(work, sizesOf(rank16), plain).compute).toBe(4 * blocks + (logits * 4) / 6);
  });

  it('counts rollouts as PPO does: a part of one is one more', () => {
    const config = parseConfig('ppo', { totalEpisodes: 100, rolloutBatchSize: 64 });
    expect(definitionOf('ppo').work(config, data).steps).toBe(2);
  });

  it.each(RECIPES)(
    'of %s is told: some steps, something trained, something generated only where it samples',
    (name) => {
      const work = definitionOf(name).work(parseConfig(name, {}), data);
      expect(work.steps).toBeGreaterThan(0);
      expect(work.models.some(({ isTrained }) => isTrained)).toBe(true);
      const { compute, generate } = flopsOf(work, sizesOf(), plain);
      expect(compute).toBeGreaterThan(0);
      expect(generate > 0).toBe(definitionOf(name).data === 'prompts');
    },
  );
});
