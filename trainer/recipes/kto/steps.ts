/** The compiled step of KTO. Shapes: S completions of a step, M their tokens, V vocabulary. */
import type { KtoOptions } from '../../losses/kto.ts';
import { kto } from '../../losses/kto.ts';
import { type CompletionInputs, completionLogProbs } from '../../model/completion-log-probs.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { Params } from '../../model/params.ts';
import type { AdamW, AdamWScalars } from '../../optim/adamw.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile, type Precision } from '../../tensors/compile.ts';
import { type Tensor, tf } from '../../tensors/tf.ts';

type Labelled = CompletionInputs & Record<'isDesirableS' | 'weightsS' | 'referenceS' | 'baseline', Tensor>;

/**
 * @param model.params what the forward pass uses; `trainable` what the optimizer changes
 * @returns a step that takes one optimizer step and gives loss and log pi of the completions from before it
 */
export function createKtoStep(args: {
  model: { params: Params; trainable: Params; config: ModelConfig };
  optimizer: AdamW;
  options: KtoOptions;
  compute: { precision: Precision; recompute: boolean };
}) {
  const { model, optimizer, options, compute } = args;
  return compile(
    'kto step',
    (inputs: Labelled & AdamWScalars<Tensor>) => {
      const { isDesirableS, weightsS, referenceS, baseline, ...rest } = inputs;
      const { learningRate, biasCorrection1, biasCorrection2, ...batch } = rest;
      const { loss, aux, grads } = valueAndGrads(model.trainable, () => {
        const { logProbsS } = completionLogProbs(model, batch, compute);
        const ratioB = tf.sub(logProbsS, referenceS);
        const labels = { isDesirableB: isDesirableS, weightsB: weightsS };
        return { loss: kto({ ratioB, ...labels, baseline, options }), logProbsS };
      });
      const gradNorm = optimizer.update(grads, { learningRate, biasCorrection1, biasCorrection2 });
      return { loss, gradNorm, logProbsS: aux.logProbsS };
    },
    compute,
  );
}
