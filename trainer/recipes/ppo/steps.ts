/** The compiled steps of PPO. Shapes: B episodes, T width, M response places, D model width, V vocabulary. */

import type { PpoConfig } from '../../config/ppo.ts';
import { ppoPolicy } from '../../losses/ppo-policy.ts';
import { ppoValue } from '../../losses/ppo-value.ts';
import type { ModelConfig } from '../../model/config.ts';
import { forwardHidden, lmLogits } from '../../model/decoder.ts';
import { scoreHidden } from '../../model/heads.ts';
import type { Params } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { tokenEntropy } from '../../ops/token-entropy.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import type { AdamW, AdamWScalars } from '../../optim/adamw.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile } from '../../tensors/compile.ts';
import { type Scalar, type Tensor, type Tensor2D, tf } from '../../tensors/tf.ts';

type Model = { params: Params; config: ModelConfig };
type Places = TokenBatch & { rowsM: Tensor; targetsM: Tensor };

/**
 * @returns `policy` and `reference` give log pi of the response tokens at the one temperature (training.md P2), `policy` also
 *   the entropy of the distributions they came from; `critic` gives V of the state before each of them; `updatePolicy` and
 *   `updateCritic` take one optimizer step and give the same figures from before it.
 */
export function createPpoSteps(args: {
  policy: Model;
  reference: Model;
  critic: Model;
  policyOptimizer: AdamW;
  criticOptimizer: AdamW;
  config: PpoConfig;
}) {
  const { policy, reference, critic, policyOptimizer, criticOptimizer, config } = args;
  const { temperature, clipRange, dualClip, valueClipRange, valueCoefficient } = config;

  /** Hidden states that predict the response tokens, [M, D]; only they reach a head. */
  const placesMD = ({ params, config: model }: Model, inputs: Places): Tensor2D =>
    forwardHidden(params, model, inputs, { rowsM: inputs.rowsM });
  const logitsMV = (model: Model, inputs: Places) =>
    lmLogits(model.params, model.config, placesMD(model, inputs));
  const valuesOf = (inputs: Places) => scoreHidden(critic.params, critic.config, placesMD(critic, inputs));

  return {
    policy: compile('policy forward', (inputs: Places) => {
      const logits = logitsMV(policy, inputs);
      return {
        logProbsM: tokenLogProbs(logits, inputs.targetsM, temperature),
        entropyM: tokenEntropy(logits, temperature),
      };
    }),
    reference: compile('reference forward', (inputs: Places) => ({
      logProbsM: tokenLogProbs(logitsMV(reference, inputs), inputs.targetsM, temperature),
    })),
    critic: compile('critic forward', (inputs: Places) => ({ valuesM: valuesOf(inputs) })),

    updatePolicy: compile(
      'policy update',
      (
        inputs: Places & AdamWScalars<Tensor> & Record<'oldLogProbsM' | 'advantagesM' | 'weightsM', Tensor>,
      ) => {
        const { loss, aux, grads } = valueAndGrads(policy.params, () => {
          const logits = logitsMV(policy, inputs);
          const logProbsM = tokenLogProbs(logits, inputs.targetsM, temperature);
          const pgLoss = ppoPolicy({
            logProbsN: logProbsM,
            oldLogProbsN: inputs.oldLogProbsM,
            advantagesN: inputs.advantagesM,
            weightsN: inputs.weightsM,
            clipRange,
            dualClip,
          });
          return { loss: pgLoss, logProbsM, entropyM: tokenEntropy(logits, temperature) };
        });
        return { loss, gradNorm: policyOptimizer.update(grads, inputs), ...aux };
      },
    ),

    updateCritic: compile(
      'critic update',
      (inputs: Places & AdamWScalars<Tensor> & Record<'oldValuesM' | 'returnsM' | 'weightsM', Tensor>) => {
        const { aux, grads } = valueAndGrads(critic.params, () => {
          const valuesM = valuesOf(inputs);
          const valueLoss = ppoValue({
            valuesN: valuesM,
            oldValuesN: inputs.oldValuesM,
            returnsN: inputs.returnsM,
            weightsN: inputs.weightsM,
            clipRange: valueClipRange,
          });
          return { loss: tf.mul(valueLoss, valueCoefficient) as Scalar, valueLoss, valuesM };
        });
        return { ...aux, gradNorm: criticOptimizer.update(grads, inputs) };
      },
    ),
  };
}

export type PpoSteps = ReturnType<typeof createPpoSteps>;
