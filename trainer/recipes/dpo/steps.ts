/** The compiled steps of DPO. Shapes: S completions, M their tokens, P pairs, D model width, V vocabulary. */
import type { DpoConfig } from '../../config/dpo.ts';
import { type DpoOptions, dpo } from '../../losses/dpo.ts';
import { type CompletionInputs, completionLogProbs } from '../../model/completion-log-probs.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Params } from '../../model/params.ts';
import { tokenEntropy } from '../../ops/token-entropy.ts';
import type { AdamW, AdamWScalars } from '../../optim/adamw.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile } from '../../tensors/compile.ts';
import { type Scalar, type Tensor, type Tensor1D, tf } from '../../tensors/tf.ts';

type Pairs = CompletionInputs &
  Record<'chosenP' | 'rejectedP' | 'isTieP' | 'weightsP' | 'referenceS', Tensor>;

/** The loss that a config asks for. */
export function dpoOptions(config: DpoConfig): DpoOptions {
  const { loss, beta, labelSmoothing, ipoLengthNormalized, lengthPenalty, ties, tieNu } = config;
  return {
    ...{ loss, beta, labelSmoothing, ipoLengthNormalized, lengthPenalty },
    tieNu: ties === 'rao-kupper' ? tieNu : null,
  };
}

/**
 * @param model.params what the forward pass uses; @param model.trainable what the optimizer changes
 * @returns `update` takes one optimizer step and gives the figures from before it: log pi of the completions, and the entropy of
 *   the distributions that their tokens came from, summed over tokens
 */
export function createDpoStep(args: {
  model: { params: Params; trainable: Params; config: ModelConfig };
  optimizer: AdamW;
  config: DpoConfig;
}) {
  const { model, optimizer, config } = args;
  const { nllWeight, recompute } = config;
  const options = dpoOptions(config);
  return compile(
    'dpo step',
    (inputs: Pairs & AdamWScalars<Tensor>) => {
      const {
        referenceS,
        chosenP,
        rejectedP,
        isTieP,
        weightsP,
        learningRate,
        biasCorrection1,
        biasCorrection2,
        ...batch
      } = inputs;
      const { loss, aux, grads } = valueAndGrads(model.trainable, () => {
        const { logProbsS, logitsMV } = completionLogProbs(model, batch, { recompute });
        const ofChosenP = (valuesS: Tensor) => tf.gather(valuesS, chosenP as Tensor1D);
        const ofRejectedP = (valuesS: Tensor) => tf.gather(valuesS, rejectedP as Tensor1D);
        const ratioS = tf.sub(logProbsS, referenceS);
        const preference = dpo({
          chosenP: ofChosenP(ratioS),
          rejectedP: ofRejectedP(ratioS),
          chosenLengthP: ofChosenP(batch.lengthsS),
          rejectedLengthP: ofRejectedP(batch.lengthsS),
          ...{ isTieP, weightsP, options },
        });
        const loss = nllWeight === 0 ? preference : tf.add(preference, tf.mul(nllWeight, nll()));
        return {
          loss: loss as Scalar,
          logProbsS,
          entropy: tf.sum(tf.mul(tokenEntropy(logitsMV), batch.countsM)),
        };

        function nll(): Tensor {
          const perTokenP = tf.div(ofChosenP(logProbsS), ofChosenP(batch.lengthsS));
          return tf.neg(tf.sum(tf.mul(perTokenP, weightsP)));
        }
      });
      const gradNorm = optimizer.update(grads, { learningRate, biasCorrection1, biasCorrection2 });
      return { loss, gradNorm, logProbsS: aux.logProbsS, entropy: aux.entropy };
    },
    config,
  );
}
