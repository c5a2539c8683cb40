import { rewardPairwise } from '../../trainer/losses/reward-pairwise.ts';
import { rankedPairs } from '../../trainer/math/ranked-pairs.ts';
import type { ModelConfig } from '../../trainer/model/config.ts';
import { forwardHidden } from '../../trainer/model/decoder.ts';
import { scoreHidden } from '../../trainer/model/heads.ts';
import { countParams, type Params } from '../../trainer/model/params.ts';
import type { TokenBatch } from '../../trainer/model/token-batch.ts';
import { type AdamWScalars, createAdamW } from '../../trainer/optim/adamw.ts';
import { valueAndGrads } from '../../trainer/optim/value-and-grads.ts';
import { isPackingWorthIt } from '../../trainer/recipes/batches/is-packing-worth-it.ts';
import { rewardBatch } from '../../trainer/recipes/batches/reward-batch.ts';
import { scalarOf } from '../../trainer/recipes/run/host-arrays.ts';
import { compile } from '../../trainer/tensors/compile.ts';
import type { Tensor } from '../../trainer/tensors/tf.ts';
import type { StepSettings, TrainingStep } from './language-model-step.ts';

/** The step of the reward recipe on pairs; rows are chosen and rejected in turn. */
export function rewardModelStep(
  { params, config }: { params: Params; config: ModelConfig },
  { learningRate, precision, ...adamw }: StepSettings,
): TrainingStep {
  const optimizer = createAdamW(params, adamw);
  const pack = isPackingWorthIt(countParams(params));
  type Names = 'lastM' | 'chosenP' | 'rejectedP' | 'targetsP' | 'marginsP' | 'weightsP';
  type Inputs = TokenBatch & Record<Names, Tensor> & AdamWScalars<Tensor>;
  const update = compile(
    'bench reward step',
    (inputs: Inputs) => {
      const { loss, aux, grads } = valueAndGrads(params, () => {
        const hiddenMD = forwardHidden(params, config, inputs, { rowsM: inputs.lastM });
        const scoresM = scoreHidden(params, config, hiddenMD);
        return { loss: rewardPairwise({ ...inputs, scoresM, centering: 0 }), scoresM };
      });
      return { loss, gradNorm: optimizer.update(grads, inputs), scoresM: aux.scoresM };
    },
    { precision },
  );
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
