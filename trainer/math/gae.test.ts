import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { gae } from './gae.ts';

/** The definition as a sum: A_t = sum_k (gamma lambda)^k delta_{t+k}. */
function gaeBySum(values: number[], rewards: number[], gamma: number, lambda: number): number[] {
  const deltas = values.map((v, t) => (rewards[t] as number) + gamma * (values[t + 1] ?? 0) - v);
  return deltas.map((_, t) => deltas.slice(t).reduce((sum, d, k) => sum + (gamma * lambda) ** k * d, 0));
}

describe('gae', () => {
  it('equals the sum of its definition on random rows', () => {
    const rng = createRng(1, 'gae');
    for (let row = 0; row < 20; row++) {
      const values = Array.from({ length: 40 }, () => rng.normal());
      const rewards = Array.from({ length: 40 }, () => rng.normal());
      const { advantages } = gae({ values, rewards, gamma: 0.99, lambda: 0.95 });
      gaeBySum(values, rewards, 0.99, 0.95).forEach((expected, t) => {
        expect(advantages[t]).toBeCloseTo(expected, 10);
      });
    }
  });

  it('lambda 1 gives reward-to-go, lambda 0 one-step TD', () => {
    // rewards 1 2 3 from the end: 3, 5, 6
    expect([...gae({ values: [9, 9, 9], rewards: [1, 2, 3], gamma: 1, lambda: 1 }).returns]).toEqual([
      6, 5, 3,
    ]);
    // r + V' - V: 1 + 20 - 10, 2 + 30 - 20, 3 - 30
    expect([...gae({ values: [10, 20, 30], rewards: [1, 2, 3], gamma: 1, lambda: 0 }).advantages]).toEqual([
      11, 12, -27,
    ]);
  });

  it('steps over masked positions: their content changes nothing, bit for bit (verl test)', () => {
    const mask = [0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0];
    const values = [0, 0, 0.3, -0.1, 0.5, 0, 0, 0.2, 0.9, 0, 0];
    const rewards = [0, 0, -0.01, 0.02, 0, 0, 0, 0.03, 1, 0, 0];
    const clean = gae({ values, rewards, mask, gamma: 0.9, lambda: 0.8 });
    const dirt = [Number.NaN, 1e30, -7];
    const dirty = (x: number[]) => x.map((value, i) => (mask[i] ? value : (dirt[i % 3] as number)));
    expect(gae({ values: dirty(values), rewards: dirty(rewards), mask, gamma: 0.9, lambda: 0.8 })).toEqual(
      clean,
    );
    const dense = (x: number[]) => x.filter((_, i) => mask[i]);
    const packed = gae({ values: dense(values), rewards: dense(rewards), gamma: 0.9, lambda: 0.8 });
    expect(dense([...clean.advantages])).toEqual([...packed.advantages]);
  });

  it('an all-masked row gives zeros; unequal lengths are refused', () => {
    expect([...gae({ values: [1], rewards: [1], mask: [0], gamma: 1, lambda: 1 }).returns]).toEqual([0]);
    expect(() => gae({ values: [1, 2], rewards: [1], gamma: 1, lambda: 1 })).toThrow('2 values, 1 rewards');
  });
});
