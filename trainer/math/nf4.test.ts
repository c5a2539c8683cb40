import { describe, expect, it } from 'vitest';
import { createRng } from '../../lib/rng.ts';
import { loraDelta } from './lora-delta.ts';
import { dequantizeNf4, quantizeNf4 } from './nf4.ts';

describe('NF4', () => {
  it('is idempotent: quantising what was dequantised gives the same bytes', () => {
    const rng = createRng(3, 'nf4');
    const first = quantizeNf4(Array.from({ length: 200 }, () => rng.normal()));
    expect(quantizeNf4(dequantizeNf4(first))).toEqual(first);
  });

  it('errs on N(0, 1) in blocks of 64 as bitsandbytes does: mean |error| 0.0728', () => {
    const rng = createRng(4, 'nf4');
    const x = Array.from({ length: 64 * 512 }, () => rng.normal());
    const y = dequantizeNf4(quantizeNf4(x));
    const meanError = x.reduce((sum, value, i) => sum + Math.abs(value - (y[i] as number)), 0) / x.length;
    // 32,768 samples: the standard error of the mean is about 0.0003
    expect(meanError).toBeGreaterThan(0.0715);
    expect(meanError).toBeLessThan(0.0741);
  });

  it('keeps zeros, takes a short last block and an odd length, refuses NaN', () => {
    expect([...dequantizeNf4(quantizeNf4([0, 0, 0]))]).toEqual([0, 0, 0]);
    expect(quantizeNf4(new Array(65).fill(1)).absMax).toEqual(Float32Array.of(1, 1));
    expect(() => quantizeNf4([1, Number.NaN])).toThrow('entry 1 is NaN');
  });
});

describe('loraDelta', () => {
  it('is nothing while B is zero, and scales by sqrt(r) when rank-stabilised', () => {
    expect([...loraDelta({ a: [1, 2, 3, 4], b: [0, 0, 0, 0], rank: 2, alpha: 8 })]).toEqual([0, 0, 0, 0]);
    const plain = loraDelta({ a: [1, 1, 1, 1], b: [1, 1, 1, 1], rank: 4, alpha: 8 });
    const stable = loraDelta({ a: [1, 1, 1, 1], b: [1, 1, 1, 1], rank: 4, alpha: 8, rankStabilized: true });
    expect(plain[0]).toBe(8); // 8 / 4 * 4
    expect(stable[0]).toBe(16); // 8 / 2 * 4
    expect(() => loraDelta({ a: [1, 2, 3], b: [1, 2], rank: 2, alpha: 1 })).toThrow(
      'multiples of the rank 2',
    );
  });
});
