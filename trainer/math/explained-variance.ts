import { maskedVariance } from './masked.ts';

/**
 * 1 - Var(returns - values) / Var(returns) over the mask: 1 for a perfect critic, 0 for one no better than a constant,
 * negative for a worse one. NaN when the returns do not vary.
 */
export function explainedVariance(args: {
  values: ArrayLike<number>;
  returns: ArrayLike<number>;
  mask: ArrayLike<number>;
}): number {
  const { values, returns, mask } = args;
  const residual = Float64Array.from(
    { length: returns.length },
    (_, i) => (returns[i] as number) - (values[i] as number),
  );
  const total = maskedVariance(returns, mask, { unbiased: false });
  return total === 0 ? Number.NaN : 1 - maskedVariance(residual, mask, { unbiased: false }) / total;
}
