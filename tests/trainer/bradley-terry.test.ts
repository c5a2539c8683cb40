/**
 * A reward model on preferences that really are Bradley-Terry: the utility of a word is the sum of its letters' weights, and
 * the better word wins with probability sigmoid(difference). No model can be right more often than the utility itself, whose
 * accuracy on the held-out labels is the Bayes rate (training.md 3.J i).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../lib/rng.ts';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { rewardSchema } from '../../trainer/config/reward.ts';
import type { RankedExample, Split } from '../../trainer/data/types.ts';
import { reward } from '../../trainer/recipes/reward/recipe.ts';
import { LETTERS, letterPrompt, writeLetterModel } from './letter-world.ts';
import { collect, doneOf, foldersOf } from './tiny-world.ts';

const WEIGHTS: Record<string, number> = { a: 0.9, b: 0.3, c: -0.2, d: -1 };
const utility = (word: string) => [...word].reduce((sum, letter) => sum + (WEIGHTS[letter] ?? 0), 0);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function sampleWord(rng: Rng): string {
  return Array.from({ length: 2 + rng.integer(5) }, () => LETTERS[rng.integer(4)]).join('');
}

function samplePairs(count: number, split: Split, rng: Rng): RankedExample[] {
  return Array.from({ length: count }, (_, i) => {
    const [first, second] = [sampleWord(rng), sampleWord(rng)];
    const firstWins = rng.uniform() < sigmoid(utility(first) - utility(second));
    return {
      id: `${split}-${i}`,
      prompt: letterPrompt,
      responses: [first, second],
      ranks: firstWins ? [0, 1] : [1, 0],
      margin: 0,
      split,
    };
  });
}

let folder: string;
let modelFolder: string;
beforeAll(async () => {
  await chooseBackend('simd');
  folder = mkdtempSync(join(tmpdir(), 'plumbline-bradley-terry-'));
  const shape = { hiddenSize: 32, numLayers: 2, initializerRange: 0.1, seed: 5 };
  modelFolder = await writeLetterModel(join(folder, 'base'), shape);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('reward model on 2,000 Bradley-Terry pairs', () => {
  it('is within one point of the Bayes rate on 4,000 others', { timeout: 300_000 }, async () => {
    const rng = createRng(11, 'bradley-terry');
    const train = samplePairs(2000, 'train', rng);
    const heldOut = samplePairs(4000, 'heldout', rng);
    const bayes =
      heldOut.reduce((sum, { responses: [first = '', second = ''], ranks }) => {
        const difference = utility(first) - utility(second);
        if (Math.abs(difference) < 1e-9) return sum + 0.5;
        return sum + (difference > 0 === (ranks[0] === 0) ? 1 : 0);
      }, 0) / heldOut.length;

    const events = await collect(
      reward({
        config: rewardSchema.parse({
          batchSize: 32,
          epochs: 3,
          maxLength: 24,
          normalizeOn: 0,
          optimizer: { learningRate: 2e-3 },
          runtime: { evalEvery: 1000, checkpointEvery: 1000 },
        }),
        backend: 'simd',
        folders: foldersOf({ model: modelFolder, out: join(folder, 'out') }),
        data: { examples: [...train, ...heldOut], referencePrompts: [] },
        signal: new AbortController().signal,
      }),
    );
    const { summary } = doneOf(events);
    expect(bayes).toBeGreaterThan(0.7);
    expect(summary.heldOutAccuracy).toBeGreaterThan(bayes - 0.01);
    expect(summary.low).toBeLessThan(summary.heldOutAccuracy as number);
    expect(summary.high).toBeGreaterThan(summary.heldOutAccuracy as number);
    // The shortcut that a careless model would take says nothing here.
    expect(Math.abs((summary.longerWins as number) - 0.5)).toBeLessThan(0.05);
  });
});
