import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModelConfig } from '../model/files/load-pretrained.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { measurePolicy } from './measure-policy.ts';

const folder = new URL('../bundled/toy-sft', import.meta.url).pathname;

describe('the bundled model', () => {
  it('is a small model folder with a tokenizer that fits', () => {
    const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    expect(bytes).toBeLessThan(4 * 2 ** 20);
    const config = loadModelConfig(folder);
    expect(loadTokenizer(folder).vocabSize).toBe(config.vocabSize);
    expect(config.maxPositions).toBeGreaterThanOrEqual(256);
  });

  it('answers toy prompts decently, and leaves PPO room to improve', async () => {
    const { mean, ended, flattery } = await measurePolicy({
      modelFolder: folder,
      numPrompts: 128,
      seed: 11,
      backend: 'simd',
    });
    expect(mean.total).toBeGreaterThan(0.5);
    expect(mean.total).toBeLessThan(0.85);
    expect(mean.follows).toBeGreaterThan(0.25);
    expect(mean.polite).toBeLessThan(0.8);
    expect(ended).toBeGreaterThan(0.9);
    expect(flattery).toBeGreaterThan(0.02);
  });
});
