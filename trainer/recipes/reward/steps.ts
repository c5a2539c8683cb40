/** The compiled step of a reward model. Shapes: M responses of all prompts of a step, P their pairs, D model width. */
import { rewardPairwise } from '../../losses/reward-pairwise.ts';
import type { ModelConfig } from '../../model/config.ts';
import { forwardHidden } from '../../model/decoder.ts';
import { scoreHidden } from '../../model/heads.ts';
import type { Params } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import type { AdamW, AdamWScalars } from '../../optim/adamw.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile, type Precision } from '../../tensors/compile.ts';
import type { Tensor } from '../../tensors/tf.ts';

/** The arrays of rewardBatch. */
type Pairs = Record<'lastM' | 'chosenP' | 'rejectedP' | 'targetsP' | 'marginsP' | 'weightsP', Tensor>;

/**
 * @param args.trainable what the step changes: all of `params`, or an adapter and the head
 * @returns one optimizer step; gives the scores from before it
 */
export function createRewardStep(args: {
  params: Params;
  trainable: Params;
  model: ModelConfig;
  optimizer: AdamW;
  options: { centering: number; precision?: Precision; recompute?: boolean };
}) {
  const { params, trainable, model, optimizer, options } = args;
  return compile(
    'reward step',
    (inputs: TokenBatch & Pairs & AdamWScalars<Tensor>) => {
      const { loss, aux, grads } = valueAndGrads(trainable, () => {
        const hiddenMD = forwardHidden(params, model, inputs, {
          recompute: options.recompute,
          rowsM: inputs.lastM,
        });
        const scoresM = scoreHidden(params, model, hiddenMD);
        return { loss: rewardPairwise({ ...inputs, scoresM, centering: options.centering }), scoresM };
      });
      return { loss, gradNorm: optimizer.update(grads, inputs), scoresM: aux.scoresM };
    },
    options,
  );
}
