/**
 * PPO where the answer is known: one prompt, one token. The policy that maximises E[r] - beta KL(pi || pi_ref) is
 * pi* = pi_ref exp(r / beta) / Z, and the best value is beta log Z (training.md 3.J ii).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { ppoSchema } from '../../trainer/config/ppo.ts';
import { forwardHidden, lmLogits } from '../../trainer/model/decoder.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { ppo } from '../../trainer/recipes/ppo/recipe.ts';
import { tf } from '../../trainer/tensors/tf.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { letterPrompt, writeLetterModel } from './letter-world.ts';
import { collect, finalFolder, foldersOf } from './tiny-world.ts';

const REWARDS: Record<string, number> = { a: 1, b: 0.5, c: 0, d: -0.5 };
const rewardOf = (text: string) => REWARDS[text] ?? 0;

let folder: string;
let modelFolder: string;
beforeAll(async () => {
  await chooseBackend('simd');
  folder = mkdtempSync(join(tmpdir(), 'plumbline-bandit-'));
  const shape = { hiddenSize: 16, numLayers: 1, initializerRange: 0.2, seed: 3 };
  modelFolder = await writeLetterModel(join(folder, 'base'), shape);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Exact next-token distribution of a folder after the prompt. */
function distribution(at: string): number[] {
  const { params, config } = loadPretrained(at);
  const ids = loadTokenizer(at).encodeChat(letterPrompt, { addGenerationPrompt: true });
  const row = (values: number[]) => tf.tensor2d([values], [1, values.length], 'int32');
  const probabilities = tf.tidy(() => {
    const batch = { idsBT: row(ids), maskBT: row(ids.map(() => 1)), positionsBT: row(ids.map((_, t) => t)) };
    const hidden = forwardHidden(params, config, batch);
    const logits = lmLogits(params, config, tf.slice(hidden, [ids.length - 1, 0], [1, -1]));
    return Array.from(tf.softmax(logits).dataSync());
  });
  disposeParams(params);
  return probabilities;
}

const kl = (p: number[], q: number[]) => p.reduce((sum, x, i) => sum + x * Math.log(x / (q[i] as number)), 0);

describe.each([0.25, 0.5, 1])('with beta %d', (beta) => {
  it('the policy reaches pi_ref exp(r / beta), its reward and its KL', { timeout: 300_000 }, async () => {
    const tokenizer = loadTokenizer(modelFolder);
    const reference = distribution(modelFolder);
    const rewards = reference.map((_, id) => rewardOf(tokenizer.decode([id])));
    const tilted = reference.map((p, i) => p * Math.exp((rewards[i] as number) / beta));
    const z = tilted.reduce((a, b) => a + b, 0);
    const optimum = tilted.map((p) => p / z);

    const config = ppoSchema.parse({
      totalEpisodes: 128 * 70,
      rolloutBatchSize: 128,
      numPpoEpochs: 2,
      responseLength: 1,
      kl: { coefficient: beta },
      missingEosScore: null,
      policyOptimizer: { learningRate: 1e-2 },
      criticOptimizer: { learningRate: 1e-2 },
      runtime: { checkpointEvery: 1000 },
    });
    const outFolder = join(folder, `beta-${beta}`);
    await collect(
      ppo({
        config,
        backend: 'simd',
        folders: foldersOf({ model: modelFolder, out: outFolder }),
        signal: new AbortController().signal,
        data: {
          prompts: [{ id: 'only', prompt: letterPrompt }],
          evalPrompts: [],
          score: (_, response) => rewardOf(response),
          trueReward: null,
        },
      }),
    );
    const policy = distribution(finalFolder(outFolder));
    const meanReward = (p: number[]) => p.reduce((sum, x, i) => sum + x * (rewards[i] as number), 0);
    expect(kl(reference, optimum)).toBeGreaterThan(0.1);
    // 0.02 is what is asked; measured below 1e-5
    expect(kl(policy, optimum)).toBeLessThan(0.002);
    expect(Math.abs(meanReward(policy) - meanReward(optimum))).toBeLessThan(0.01);
    expect(Math.abs(kl(policy, reference) - kl(optimum, reference))).toBeLessThan(0.01);
  });
});
