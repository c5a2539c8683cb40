import { k3 } from './kl.ts';
import { maskedMean, maskedVariance } from './masked.ts';

/**
 * What a PPO minibatch did, over its action tokens only (training.md P35, P36: TRL's own figures count pads).
 * Names in docs/metrics.md.
 */
export type PolicyDiagnostics = {
  /** mean of exp(log pi - log pi_old) and its variance */
  ratio: number;
  ratioVariance: number;
  /** mean of (log pi - log pi_old)^2 / 2, TRL's `approxkl` */
  approxKl: number;
  /** mean of k3, never negative and unbiased */
  approxKlK3: number;
  /** share of tokens whose clipped loss is the larger one */
  clipFraction: number;
};

/** @param logProbs, oldLogProbs, advantages, mask [N] */
export function policyDiagnostics(args: {
  logProbs: ArrayLike<number>;
  oldLogProbs: ArrayLike<number>;
  advantages: ArrayLike<number>;
  mask: ArrayLike<number>;
  clipRange: number;
}): PolicyDiagnostics {
  const { logProbs, oldLogProbs, advantages, mask, clipRange } = args;
  const n = logProbs.length;
  const ratio = new Float64Array(n);
  const squared = new Float64Array(n);
  const third = new Float64Array(n);
  const clipped = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    if (mask[i] === 0) continue;
    const logRatio = Math.min(20, Math.max(-20, (logProbs[i] as number) - (oldLogProbs[i] as number)));
    const rho = Math.exp(logRatio);
    const advantage = advantages[i] as number;
    ratio[i] = rho;
    squared[i] = logRatio ** 2 / 2;
    third[i] = k3(oldLogProbs[i] as number, logProbs[i] as number);
    const held = Math.min(1 + clipRange, Math.max(1 - clipRange, rho));
    clipped[i] = -advantage * held > -advantage * rho ? 1 : 0;
  }
  return {
    ratio: maskedMean(ratio, mask),
    ratioVariance: maskedVariance(ratio, mask, { unbiased: false }),
    approxKl: maskedMean(squared, mask),
    approxKlK3: maskedMean(third, mask),
    clipFraction: maskedMean(clipped, mask),
  };
}

/** Share of tokens where the value clip decides the loss. @param values, oldValues, returns, mask [N] */
export function valueClipFraction(args: {
  values: ArrayLike<number>;
  oldValues: ArrayLike<number>;
  returns: ArrayLike<number>;
  mask: ArrayLike<number>;
  clipRange: number;
}): number {
  const { values, oldValues, returns, mask, clipRange } = args;
  const clipped = Float64Array.from({ length: values.length }, (_, i) => {
    if (mask[i] === 0) return 0;
    const value = values[i] as number;
    const old = oldValues[i] as number;
    const target = returns[i] as number;
    const held = Math.min(old + clipRange, Math.max(old - clipRange, value));
    return (held - target) ** 2 > (value - target) ** 2 ? 1 : 0;
  });
  return maskedMean(clipped, mask);
}
