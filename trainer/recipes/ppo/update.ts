/** Shapes: B episodes, R longest response, M = B*R. */

import { createRng } from '../../../lib/rng.ts';
import type { PpoConfig } from '../../config/ppo.ts';
import { maskedCount } from '../../math/masked.ts';
import type { AdamW } from '../../optim/adamw.ts';
import { learningRateAt } from '../../optim/schedule.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import { episodeBatch } from '../rollouts/episode-batch.ts';
import type { Response } from '../rollouts/respond.ts';
import { assertFinite } from '../run/assert-finite.ts';
import { floats } from '../run/host-arrays.ts';
import { updateFigures } from './figures.ts';
import type { PpoSteps } from './steps.ts';

/** A rollout ready to learn from. */
export type Rollout = {
  responses: readonly Response[];
  responseWidth: number;
  maskM: ArrayLike<number>;
  logProbsM: ArrayLike<number>;
  valuesM: ArrayLike<number>;
  advantagesM: ArrayLike<number>;
  returnsM: ArrayLike<number>;
};

/**
 * Epochs of minibatches over one rollout: one step of each optimizer per minibatch. Every token of the rollout weighs the
 * same in whatever minibatch it falls: 1 / (tokens per minibatch on average), not 1 / (tokens of its minibatch), which
 * would weigh tokens of short minibatches more (training.md P26).
 *
 * @param step rollouts done before this one; decides learning rates and the shuffles
 * @returns figures of each minibatch, measured before its update; fewer than epochs x minibatches when the approximate
 *   policy KL passed kl.stopAbove (P32)
 */
export async function updateOnRollout(
  rollout: Rollout,
  run: {
    steps: PpoSteps;
    policyOptimizer: AdamW;
    criticOptimizer: AdamW;
    config: PpoConfig;
    step: number;
    totalSteps: number;
    padTokenId: number;
  },
): Promise<ReturnType<typeof updateFigures>[]> {
  const { responses, responseWidth, maskM } = rollout;
  const { steps, policyOptimizer, criticOptimizer, config, step, totalSteps, padTokenId } = run;
  const { numMinibatches, numPpoEpochs, runtime, kl } = config;
  const tokenWeight = numMinibatches / maskedCount(maskM);
  const size = responses.length / numMinibatches;
  const all: ReturnType<typeof updateFigures>[] = [];
  for (let epoch = 0; epoch < numPpoEpochs; epoch++) {
    const shuffled = createRng(runtime.seed, `minibatches/${step}/${epoch}`).shuffle(
      responses.map((_, b) => b),
    );
    for (let from = 0; from < responses.length; from += size) {
      const picked = shuffled.slice(from, from + size);
      const part = picked.map((b) => responses[b] as Response);
      const { inputs, maskM: partMaskM } = episodeBatch(part, { padTokenId, responseWidth });
      const pick = (xM: ArrayLike<number>): HostTensor => floats(pickRows(xM, picked, responseWidth));
      const oldLogProbsM = pick(rollout.logProbsM);
      const oldValuesM = pick(rollout.valuesM);
      const advantagesM = pick(rollout.advantagesM);
      const returnsM = pick(rollout.returnsM);
      const weightsM = floats(partMaskM.map((m) => m * tokenWeight));
      const policyOutput = await steps.updatePolicy({
        ...inputs,
        ...policyOptimizer.advance(learningRateAt(config.policyOptimizer, step, totalSteps)),
        oldLogProbsM,
        advantagesM,
        weightsM,
      });
      const criticOutput = await steps.updateCritic({
        ...inputs,
        ...criticOptimizer.advance(learningRateAt(config.criticOptimizer, step, totalSteps)),
        oldValuesM,
        returnsM,
        weightsM,
      });
      const figures = updateFigures({
        policyOutput,
        criticOutput,
        old: { logProbsM: oldLogProbsM.data, valuesM: oldValuesM.data },
        advantages: advantagesM.data,
        returns: returnsM.data,
        maskM: partMaskM,
        config,
      });
      assertFinite(figures, { step: step + 1, batchIds: part.map(({ id }) => id), config });
      all.push(figures);
      if (kl.stopAbove !== null && figures['policy/approxkl_avg'] > kl.stopAbove) return all;
    }
  }
  return all;
}

/** Rows `picked` of [B, R] laid out as [M]. */
function pickRows(xM: ArrayLike<number>, picked: readonly number[], responseWidth: number): number[] {
  return picked.flatMap((b) =>
    Array.from({ length: responseWidth }, (_, t) => xM[b * responseWidth + t] as number),
  );
}
