import { describe, expect, it } from 'vitest';
import type { loraSchema } from '../config/lora.ts';
import { definitionOf, parseConfig, type RecipeName } from '../config/recipes.ts';
import { asRewardModel, newModelConfig } from '../model/config.ts';
import { modelSize } from './model-size.ts';
import { type MemoryOptions, memoryOf } from './run-memory.ts';

const smollm2 = newModelConfig({
  ...{ vocabSize: 49152, hiddenSize: 576, intermediateSize: 1536, numLayers: 30 },
  ...{ numHeads: 9, numKvHeads: 3, maxPositions: 8192 },
});
const PARAMETERS = 134_515_008;
const MATRICES = PARAMETERS - 49152 * 576 - 61 * 576;
const ADAPTER = 16 * 30 * (576 + 576 + 2 * (576 + 192) + 576 + 576 + 3 * (576 + 1536));
const MIB = 2 ** 20;
/** floats that a block of this model keeps of a token */
const BLOCK = 6 * 576 + 3 * 576 + 3 * 192 + 3 * 1536;
/** and what an adapter adds: x A and B (x A) of the seven layers */
const ADDED = 7 * 16 + 576 + 2 * 192 + 576 + 2 * 1536 + 576;

const data = { rows: 100, promptTokens: 64, responseTokens: 64, responsesPerRow: 2 };
const native: MemoryOptions = { recompute: false, precision: 'float32', backend: 'native' };

/** In bytes less the process. */
function memory(recipe: RecipeName, config: object, options: Partial<MemoryOptions> = {}): number {
  const parsed = parseConfig(recipe, config) as { lora: ReturnType<typeof loraSchema.parse> };
  const sizes = { start: modelSize(smollm2, parsed.lora), reward: modelSize(asRewardModel(smollm2)) };
  const all = { ...native, ...options };
  const process = { native: 560 * MIB, simd: 260 * MIB }[all.backend];
  return memoryOf(definitionOf(recipe).work(parsed, data), sizes, all) - process;
}

const step = { batchSize: 4, maxLength: 128 };
const activations = 4 * 128 * 30 * BLOCK + 3 * 4 * 64 * 49152;

describe('the memory of a run', () => {
  it('is weights, two moments, gradients and activations, on simd an eighth more and activations twice', () => {
    expect(memory('sft', step, { backend: 'simd' })).toBe(1.125 * 4 * (4 * PARAMETERS + 2 * activations));
  });

  it('on native has what a checkpoint reads back beside it, up to three times what the host keeps', () => {
    expect(memory('sft', step)).toBe(4 * (4 * PARAMETERS + activations) + 3 * 256 * MIB);
  });

  it('with an adapter is the base, on native on the host and through a checkpoint too, and little more', () => {
    const added = 4 * 128 * 30 * ADDED;
    const expected = 4 * (2 * PARAMETERS + 4 * ADAPTER + activations + added + PARAMETERS + 2 * ADAPTER);
    expect(memory('sft', { ...step, lora: { rank: 16 } })).toBe(expected);
  });

  it('recomputed keeps the input of each block and one block', () => {
    const saved = 4 * 4 * 128 * (30 * BLOCK - (30 * 576 + BLOCK));
    expect(memory('sft', step) - memory('sft', step, { recompute: true })).toBe(saved);
  });

  it('in bfloat16 has the matrices of blocks once more', () => {
    expect(memory('sft', step, { precision: 'bfloat16' }) - memory('sft', step)).toBe(2 * MATRICES);
  });

  it('of DPO on native has a graph for each batch of its reference pass', () => {
    const sizes = { start: modelSize(smollm2), reward: modelSize(asRewardModel(smollm2)) };
    const bytes = (rows: number) =>
      memoryOf(definitionOf('dpo').work(parseConfig('dpo', {}), { ...data, rows }), sizes, native);
    // 16 answers at once, two to a prompt; 48 graphs at most
    expect(bytes(80) - bytes(8)).toBe(9 * 30 * 0.5 * MIB);
    expect(bytes(8000) - bytes(8)).toBe(47 * 30 * 0.5 * MIB);
  });

  it('of PPO with an adapter is without the second model for the reference', () => {
    const config = { rolloutBatchSize: 1, responseLength: 1, numMinibatches: 1 };
    const rank = { lora: { rank: 16 } };
    const onSimd = { backend: 'simd' } as const;
    const saved = memory('ppo', config, onSimd) - memory('ppo', { ...config, ...rank }, onSimd);
    // reference; gradients and two moments of the policy; the adapter has its own, and adds to 64 + 1 tokens
    expect(saved).toBe(1.125 * 4 * (PARAMETERS + 3 * PARAMETERS - 4 * ADAPTER - 2 * 65 * 30 * ADDED));
  });
});
