/**
 * DPO where the answer is known: one prompt, four answers, and judgments that follow Bradley and Terry with rewards r. The optimum of the
 * loss is the policy with beta (log pi - log pi_ref) = r + c on those answers: pi* = pi_ref exp(r / beta) / Z, the same that PPO
 * goes to (training.md 3.J iv).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { chooseBackend } from '../../trainer/backends/choose.ts';
import { dpoSchema } from '../../trainer/config/dpo.ts';
import type { RankedExample } from '../../trainer/data/types.ts';
import { loadPretrained } from '../../trainer/model/files/load-pretrained.ts';
import { disposeParams } from '../../trainer/model/params.ts';
import { dpo } from '../../trainer/recipes/dpo/recipe.ts';
import { createCompletionReader } from '../../trainer/recipes/rollouts/read-completions.ts';
import { loadTokenizer } from '../../trainer/tokenizer/load-tokenizer.ts';
import { LETTERS, letterPrompt, writeLetterModel } from './letter-world.ts';
import { collect, finalFolder } from './tiny-world.ts';

const REWARDS = { a: 1, b: 0.5, c: 0, d: -0.5 } as const;
const BETA = 0.5;
/** Judgments of each pair; so many that a share of them is the probability to less than a hundredth. */
const JUDGMENTS = 60;

let folder: string;
let modelFolder: string;
beforeAll(async () => {
  await chooseBackend('simd');
  folder = mkdtempSync(join(tmpdir(), 'plumbline-bandit-dpo-'));
  const shape = { hiddenSize: 16, numLayers: 1, initializerRange: 0.2, seed: 3 };
  modelFolder = await writeLetterModel(join(folder, 'base'), shape);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Probabilities of the four answers, end token included, among themselves. */
async function distribution(at: string): Promise<number[]> {
  const { params, config } = loadPretrained(at);
  const tokenizer = loadTokenizer(at);
  const promptIds = tokenizer.encodeChat(letterPrompt, { addGenerationPrompt: true });
  const { read } = createCompletionReader({ params, config, padTokenId: tokenizer.padTokenId });
  const rows = LETTERS.map((letter) => ({
    promptIds,
    responseIds: [...tokenizer.encode(letter), tokenizer.eosTokenId],
  }));
  const { logProbsS } = await read(rows);
  disposeParams(params);
  const weights = Array.from(logProbsS, Math.exp);
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

const kl = (p: number[], q: number[]) => p.reduce((sum, x, i) => sum + x * Math.log(x / (q[i] as number)), 0);

it('the policy reaches pi_ref exp(r / beta)', { timeout: 300_000 }, async () => {
  const examples = LETTERS.flatMap((left, i) =>
    LETTERS.slice(i + 1).flatMap((right): RankedExample[] => {
      const wins = Math.round(JUDGMENTS / (1 + Math.exp(REWARDS[right] - REWARDS[left])));
      return Array.from({ length: JUDGMENTS }, (_, n) => ({
        id: `${left}${right}${n}`,
        prompt: letterPrompt,
        responses: [left, right],
        ranks: n < wins ? [0, 1] : [1, 0],
        margin: 0,
        split: 'train',
      }));
    }),
  );
  const reference = await distribution(modelFolder);
  const tilted = reference.map((p, i) => p * Math.exp(REWARDS[LETTERS[i] as 'a'] / BETA));
  const z = tilted.reduce((a, b) => a + b, 0);
  const optimum = tilted.map((p) => p / z);

  const outFolder = join(folder, 'out');
  const events = await collect(
    dpo({
      config: dpoSchema.parse({
        beta: BETA,
        batchSize: 60,
        epochs: 40,
        optimizer: { learningRate: 1e-2, schedule: 'cosine' },
        runtime: { checkpointEvery: 1000 },
      }),
      backend: 'simd',
      folders: { model: modelFolder, reward: null, out: outFolder, resumeFrom: null },
      data: { examples, referencePrompts: [] },
      signal: new AbortController().signal,
    }),
  );
  const first = events.find((event) => event.type === 'step');
  expect(first?.metrics.loss).toBeCloseTo(Math.LN2, 6);
  const policy = await distribution(finalFolder(outFolder));
  expect(kl(reference, optimum)).toBeGreaterThan(0.1);
  // 0.02 is what is asked
  expect(kl(policy, optimum)).toBeLessThan(0.02);
});
