import { maskedCount, maskedMean, maskedVariance } from './masked.ts';

/** Under the root, as in TRL and lm-human-preferences. */
const EPSILON = 1e-8;

/**
 * (x - mean) / sqrt(var + 1e-8) over the mask, 0 elsewhere (training.md P20, P22). `shiftMean: false` keeps the mean, for
 * rewards. A single unmasked entry has no unbiased variance: its variance counts as 0.
 *
 * @param x, mask [N], whole rollout at once so that minibatches share one scale
 */
export function whiten(
  x: ArrayLike<number>,
  mask: ArrayLike<number>,
  { unbiased, shiftMean }: { unbiased: boolean; shiftMean: boolean },
): Float64Array {
  const out = new Float64Array(x.length);
  const count = maskedCount(mask);
  if (count === 0) return out;
  const mean = maskedMean(x, mask);
  const variance = count === 1 ? 0 : maskedVariance(x, mask, { unbiased });
  const scale = 1 / Math.sqrt(variance + EPSILON);
  for (let i = 0; i < x.length; i++) {
    if (mask[i] !== 0) out[i] = ((x[i] as number) - mean) * scale + (shiftMean ? 0 : mean);
  }
  return out;
}
