/** KTO's figures from log-probabilities. Shapes: S completions. */
import { auroc } from '../../../lib/statistics/auroc.ts';
import type { UnpairedRow } from './rows.ts';

/**
 * Under TRL's names (trl/trainer/kto_trainer.py of 1.16): means over the desirable and over the undesirable answers; those of a
 * side that the rows lack are left out.
 *
 * @param policyS, referenceS log pi and log pi_ref of the rows' answers, in nats, [S]
 */
export function unpairedFigures(
  rows: readonly UnpairedRow[],
  { policyS, referenceS }: { policyS: ArrayLike<number>; referenceS: ArrayLike<number> },
  beta: number,
): Record<string, number> {
  const of = (isDesirable: boolean) => {
    const places = rows.flatMap((row, s) => (row.isDesirable === isDesirable ? [s] : []));
    const mean = (value: (s: number) => number) =>
      places.reduce((sum, s) => sum + value(s), 0) / places.length;
    return {
      count: places.length,
      reward: mean((s) => beta * ((policyS[s] as number) - (referenceS[s] as number))),
      logProb: mean((s) => policyS[s] as number),
    };
  };
  const [chosen, rejected] = [of(true), of(false)];
  const figures = {
    'rewards/chosen': chosen.reward,
    'rewards/rejected': rejected.reward,
    'rewards/margins': chosen.reward - rejected.reward,
    'logps/chosen': chosen.logProb,
    'logps/rejected': rejected.logProb,
  };
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => !Number.isNaN(value)));
}

/**
 * How well the implicit reward tells desirable from undesirable answers, beside what length alone does; empty where either side
 * is missing.
 */
export function heldOutSummary(
  rows: readonly UnpairedRow[],
  ratiosS: ArrayLike<number>,
): Record<string, number> {
  const sides = rows.map(({ isDesirable }) => isDesirable);
  const { area, low, high } = auroc(ratiosS, sides);
  if (Number.isNaN(area)) return {};
  const { area: longerWins } = auroc(
    rows.map(({ completion }) => completion.length),
    sides,
  );
  return { heldOutAuroc: area, low, high, longerWins, examples: rows.length };
}

/**
 * lambda_U: as asked for, or what makes lambda_D n_D = lambda_U n_U, the even end of the range [1, 4/3] that the paper's authors
 * give for the ratio of the two.
 */
export function undesirableWeight(
  rows: readonly UnpairedRow[],
  {
    desirableWeight,
    undesirableWeight: asked,
  }: { desirableWeight: number; undesirableWeight: number | null },
): number {
  if (asked !== null) return asked;
  const numDesirable = rows.filter(({ isDesirable }) => isDesirable).length;
  const numUndesirable = rows.length - numDesirable;
  return numDesirable === 0 || numUndesirable === 0
    ? desirableWeight
    : (desirableWeight * numDesirable) / numUndesirable;
}
