/** DPO's figures from log-probabilities. Shapes: S completions, row after row of answers to one prompt. */
import type { DpoConfig } from '../../config/dpo.ts';
import type { RankedRow } from '../batches/ranked-rows.ts';

export type LogProbs = {
  /** log pi and log pi_ref of every completion of the rows, in nats, [S] */
  policyS: ArrayLike<number>;
  referenceS: ArrayLike<number>;
};

/**
 * Figures of decided pairs under TRL's names (trl/trainer/dpo_trainer.py of 1.16), each the mean over prompts of the mean over a
 * prompt's pairs; TRL's is the mean over pairs, which is the same with two answers to each prompt. `rewards/accuracies` counts
 * equal rewards as half. Empty where no pair is decided.
 *
 * `logps/chosen_change` is ours: the mean log-ratio of the chosen answers per token. DPO raises the margin, not the chosen
 * answer's probability, and often lowers that.
 */
export function preferenceFigures(
  rows: readonly RankedRow[],
  { policyS, referenceS }: LogProbs,
  { beta, loss }: Pick<DpoConfig, 'beta' | 'loss'>,
): Record<string, number> {
  const sums = {
    'rewards/chosen': 0,
    'rewards/rejected': 0,
    'rewards/margins': 0,
    'rewards/accuracies': 0,
    'logps/chosen': 0,
    'logps/rejected': 0,
    'logps/chosen_change': 0,
  };
  let numPrompts = 0;
  let first = 0;
  for (const { sequences, promptLength, pairs } of rows) {
    const decided = pairs.filter(({ target }) => target !== 0.5);
    for (const { chosen, rejected } of decided) {
      const share = 1 / decided.length;
      const of = (k: number) => {
        const logProb = policyS[first + k] as number;
        const ratio = logProb - (referenceS[first + k] as number);
        const length = (sequences[k] as number[]).length - promptLength;
        return {
          logProb,
          reward: implicitReward({ ratio, length }, { beta, loss }),
          perToken: ratio / length,
        };
      };
      const [c, r] = [of(chosen), of(rejected)];
      sums['rewards/chosen'] += share * c.reward;
      sums['rewards/rejected'] += share * r.reward;
      sums['rewards/margins'] += share * (c.reward - r.reward);
      sums['rewards/accuracies'] += share * (c.reward === r.reward ? 0.5 : Number(c.reward > r.reward));
      sums['logps/chosen'] += share * c.logProb;
      sums['logps/rejected'] += share * r.logProb;
      sums['logps/chosen_change'] += share * c.perToken;
    }
    if (decided.length > 0) numPrompts++;
    first += sequences.length;
  }
  if (numPrompts === 0) return {};
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / numPrompts]));
}

/** beta (log pi - log pi_ref), the reward that a policy is the optimum of (arXiv:2305.18290 Eq. 5); per token for sigmoid-norm. */
export function implicitReward(
  { ratio, length }: { ratio: number; length: number },
  { beta, loss }: Pick<DpoConfig, 'beta' | 'loss'>,
): number {
  return beta * (loss === 'sigmoid-norm' ? ratio / length : ratio);
}

/** Implicit reward of every completion of the rows, [S]: what an accuracy is measured of. */
export function implicitRewards(
  rows: readonly RankedRow[],
  { policyS, referenceS }: LogProbs,
  config: Pick<DpoConfig, 'beta' | 'loss'>,
): Float32Array {
  let s = 0;
  return Float32Array.from(
    rows.flatMap(({ sequences, promptLength }) =>
      sequences.map((ids) => {
        const ratio = (policyS[s] as number) - (referenceS[s] as number);
        s++;
        return implicitReward({ ratio, length: ids.length - promptLength }, config);
      }),
    ),
  );
}

/** Chosen answers that lose more than this, in nats per token, while margins rise: mission 4.1's alarm. */
const MOST_LOST = 0.1;

/**
 * Watches for likelihood displacement (arXiv:2410.08847): the margin rises since the rejected answer falls faster, while the
 * chosen one becomes less likely too. Call it with the figures of each measurement in turn.
 *
 * @returns the warning to give, once; null otherwise
 */
export function watchDisplacement(): (figures: Record<string, number>) => string | null {
  let first: number | null = null;
  let isSaid = false;
  return (figures) => {
    const { 'rewards/margins': margin, 'logps/chosen_change': change } = figures;
    if (margin === undefined || change === undefined) return null;
    first ??= margin;
    if (isSaid || change >= -MOST_LOST || margin <= first) return null;
    isSaid = true;
    return `likelihood displacement: chosen answers have lost ${(-change).toFixed(2)} nats per token while the margin rose from ${first.toFixed(3)} to ${margin.toFixed(3)}; nllWeight, a larger beta or fewer steps hold them up`;
  };
}
