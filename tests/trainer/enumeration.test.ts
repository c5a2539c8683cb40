/**
 * Everything that can happen, enumerated (training.md 3.E): three tokens, two steps, nine sequences. Expectations are then
 * sums, and the surrogate's gradient can be compared with finite differences of the objective itself.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { ppoPolicy } from '../../trainer/losses/ppo-policy.ts';
import { gae } from '../../trainer/math/gae.ts';
import { k1, k3 } from '../../trainer/math/kl.ts';
import { shapedRewards } from '../../trainer/math/shaped-reward.ts';
import { tokenEntropy } from '../../trainer/ops/token-entropy.ts';
import { tokenLogProbs } from '../../trainer/ops/token-log-probs.ts';
import { type Tensor, tf } from '../../trainer/tensors/tf.ts';

const V = 3;
const BETA = 0.3;
/** logits of the first token, then of the second after each first one: [1 + V, V] */
const policyLogits = [0.3, -0.2, 0.5, 1, 0.1, -0.4, -0.6, 0.2, 0.9, 0, 0.7, -1];
const referenceLogits = [0, 0.4, -0.1, 0.2, 0.3, 0.1, 0.5, -0.5, 0, 0.6, -0.3, 0.2];
const reward = (x: number, y: number) => x * 0.7 - y * 0.4 + (x === y ? 1 : 0);
const sequences = Array.from({ length: V * V }, (_, i) => [Math.floor(i / V), i % V] as const);

function logProbsOf(logits: readonly number[]): number[][] {
  return Array.from({ length: 1 + V }, (_, row) => {
    const values = logits.slice(row * V, (row + 1) * V);
    const total = Math.log(values.reduce((sum, x) => sum + Math.exp(x), 0));
    return values.map((x) => x - total);
  });
}

const at = (table: number[][], row: number, column: number) => table[row]?.[column] as number;

/** E[r] - beta KL(pi || ref), exactly. */
function objective(logits: readonly number[]): number {
  const pi = logProbsOf(logits);
  const ref = logProbsOf(referenceLogits);
  return sequences.reduce((sum, [x, y]) => {
    const logPi = at(pi, 0, x) + at(pi, 1 + x, y);
    const logRef = at(ref, 0, x) + at(ref, 1 + x, y);
    return sum + Math.exp(logPi) * (reward(x, y) - BETA * (logPi - logRef));
  }, 0);
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('nine sequences', () => {
  const pi = logProbsOf(policyLogits);
  const ref = logProbsOf(referenceLogits);
  const tokens = ([x, y]: readonly [number, number]) => ({
    logProbs: [at(pi, 0, x), at(pi, 1 + x, y)],
    refLogProbs: [at(ref, 0, x), at(ref, 1 + x, y)],
  });
  const probability = (s: readonly [number, number]) =>
    Math.exp(tokens(s).logProbs.reduce((a, b) => a + b, 0));

  it('k1 and k3 summed over tokens have the sequence KL as expectation', () => {
    const exact = sequences.reduce((sum, s) => {
      const { logProbs, refLogProbs } = tokens(s);
      const [logPi, logRef] = [logProbs, refLogProbs].map((x) => x.reduce((a, b) => a + b, 0)) as [
        number,
        number,
      ];
      return sum + Math.exp(logPi) * (logPi - logRef);
    }, 0);
    for (const estimate of [k1, k3]) {
      const expected = sequences.reduce((sum, s) => {
        const { logProbs, refLogProbs } = tokens(s);
        const perSequence = logProbs.reduce(
          (kl, logProb, t) => kl + estimate(logProb, refLogProbs[t] as number),
          0,
        );
        return sum + probability(s) * perSequence;
      }, 0);
      expect(expected).toBeCloseTo(exact, 12);
    }
  });

  it('the entropy op gives -sum p log p of every distribution', () => {
    const entropies = tokenEntropy(tf.tensor2d(policyLogits, [1 + V, V])).dataSync();
    pi.forEach((row, i) => {
      expect(entropies[i]).toBeCloseTo(-row.reduce((sum, x) => sum + Math.exp(x) * x, 0), 6);
    });
  });

  it('shaped rewards, GAE and the surrogate give the gradient of E[r] - beta KL', () => {
    const rows: number[] = [];
    const targets: number[] = [];
    const old: number[] = [];
    const advantages: number[] = [];
    const weights: number[] = [];
    for (const [x, y] of sequences) {
      const { logProbs, refLogProbs } = tokens([x, y]);
      const rewards = shapedRewards({ logProbs, refLogProbs, length: 2, score: reward(x, y), beta: BETA });
      // A value that is wrong must not bias the gradient as long as it depends on the state alone.
      const values = [0.8, x * 0.3];
      advantages.push(...gae({ values, rewards, gamma: 1, lambda: 1 }).advantages);
      rows.push(0, 1 + x);
      targets.push(x, y);
      old.push(...logProbs);
      weights.push(probability([x, y]), probability([x, y]));
    }
    const surrogate = (logits: Tensor) =>
      ppoPolicy({
        logProbsN: tokenLogProbs(
          tf.gather(logits, tf.tensor1d(rows, 'int32')),
          tf.tensor1d(targets, 'int32'),
        ),
        oldLogProbsN: tf.tensor1d(old),
        advantagesN: tf.tensor1d(advantages),
        weightsN: tf.tensor1d(weights),
        clipRange: 0.2,
        dualClip: null,
      });
    const gradient = tf
      .grad(surrogate)(tf.tensor2d(policyLogits, [1 + V, V]))
      .dataSync();
    policyLogits.forEach((_, i) => {
      const step = 1e-5;
      const moved = (by: number) => policyLogits.map((x, j) => (j === i ? x + by : x));
      const slope = (objective(moved(step)) - objective(moved(-step))) / (2 * step);
      expect(gradient[i], `logit ${i}`).toBeCloseTo(-slope, 5);
    });
  });
});
