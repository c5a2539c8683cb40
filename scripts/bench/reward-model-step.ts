import { rankedPairs } from '../../trainer/math/ranked-pairs.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { countParams, type Params } from '../../trainer/model/params.ts';
import { createAdamW } from '../../trainer/optim/adamw.ts';
import { isPackingWorthIt } from '../../trainer/recipes/batches/is-packing-worth-it.ts';
import { rewardBatch } from '../../trainer/recipes/batches/reward-batch.ts';
import { createRewardStep } from '../../trainer/recipes/reward/steps.ts';
import { scalarOf } from '../../trainer/recipes/run/host-arrays.ts';
import type { StepSettings, TrainingStep } from './language-model-step.ts';

/** The step of the reward recipe on pairs; rows are chosen and rejected in turn. */
export function rewardModelStep(
  { params, config: model }: { params: Params; config: ModelConfig },
  { learningRate, precision, ...adamw }: StepSettings,
): TrainingStep {
  const optimizer = createAdamW(params, adamw);
  const pack = isPackingWorthIt(countParams(params));
  const options = { precision, centering: 0 };
  const update = createRewardStep({ params, trainable: params, model, optimizer, options });
  return {
    run: async (rows) => {
      const pairs = Array.from({ length: rows.length / 2 }, (_, i) => ({
        ...{ id: String(i), margin: 0, responses: [], longestResponse: 0 },
        sequences: rows.slice(2 * i, 2 * i + 2),
        pairs: rankedPairs([0, 1], { useTies: false }),
      }));
      const { numTokens: _, ...batch } = rewardBatch(pairs, { padTokenId: 0, pack, useMargin: false });
      return scalarOf((await update({ ...batch, ...optimizer.advance(learningRate) })).loss);
    },
    dispose: () => optimizer.dispose(),
  };
}
