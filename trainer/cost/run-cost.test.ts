import { describe, expect, it } from 'vitest';
import { loraSchema } from '../config/lora.ts';
import { definitionOf, parseConfig, RECIPES } from '../config/recipes.ts';
import { asRewardModel, newModelConfig } from '../model/config.ts';
import { modelSize } from './model-size.ts';
import { flopsOf } from './run-cost.ts';

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
  reward: modelSize(asRewardModel(smollm2)),
});
const data = { rows: 100, promptTokens: 64, responseTokens: 64, responsesPerRow: 2 };
const plain = { recompute: false };

describe('the size of a model', () => {
  it('counts an adapter: rank x (in + out) of each of the seven layers of a block, and the head of a reward model', () => {
    const perBlock = 576 + 576 + 2 * (576 + 192) + 576 + 576 + 3 * (576 + 1536);
    expect(sizesOf(rank16).start.trainable).toBe(16 * 30 * perBlock);
    expect(modelSize(asRewardModel(smollm2), rank16).trainable).toBe(16 * 30 * perBlock + 576);
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

  it('is six operations for each parameter and token; a third more with recomputation, a third less with an adapter', () => {
    const { start } = sizesOf();
    const work = sft({ ...step, epochs: 1 });
    const logits = 25 * 4 * 64 * 6 * 49152 * 576;
    const blocks = 25 * 4 * 128 * start.blockParameters;
    expect(flopsOf(work, sizesOf(), plain).compute).toBe(6 * blocks + logits);
    expect(flopsOf(work, sizesOf(), { recompute: true }).compute).toBe(8 * blocks + logits);
    expect(flopsOf(work, sizesOf(rank16), plain).compute).toBe(4 * blocks + (logits * 4) / 6);
  });

  it.each(['dpo', 'kto'] as const)('of %s includes the reference, read once', (recipe) => {
    const compute = (epochs: number) =>
      flopsOf(definitionOf(recipe).work(parseConfig(recipe, { epochs }), data), sizesOf(), plain).compute;
    // of two passes over the data the second is cheaper by what the first has read with the reference
    const [one, two] = [compute(1), compute(2)];
    const steps = (epochs: number) => Math.ceil((epochs * data.rows) / 16);
    expect(two / steps(2)).toBeLessThan(one / steps(1));
  });

  it('of PPO with an adapter has no second model for the reference', () => {
    const models = (lora: object) =>
      definitionOf('ppo')
        .work(parseConfig('ppo', { lora }), data)
        .models.map(({ model, isTrained }) => `${model} ${isTrained}`);
    expect(models({})).toEqual(['start true', 'start false', 'reward true', 'reward false']);
    expect(models({ rank: 8 })).toEqual(['start true', 'reward true', 'reward false']);
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
