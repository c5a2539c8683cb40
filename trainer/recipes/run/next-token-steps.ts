/**
 * The compiled steps of next-token training. Pretraining predicts every token of a row, fine-tuning those of the answer.
 * Shapes: B rows, T width, N tokens computed, M predictions, V vocabulary.
 */
import { crossEntropy } from '../../losses/cross-entropy.ts';
import type { ModelConfig } from '../../model/config.ts';
import { forwardHidden, lmLogits } from '../../model/decoder.ts';
import type { Params } from '../../model/params.ts';
import type { TokenBatch } from '../../model/token-batch.ts';
import { tokenEntropy } from '../../ops/token-entropy.ts';
import { tokenLogProbs } from '../../ops/token-log-probs.ts';
import type { AdamW, AdamWScalars } from '../../optim/adamw.ts';
import { valueAndGrads } from '../../optim/value-and-grads.ts';
import { compile, type HostInputs, type Precision } from '../../tensors/compile.ts';
import { type Tensor, tf } from '../../tensors/tf.ts';
import { scalarOf } from './host-arrays.ts';

/**
 * `rowsM` are the hidden states that predict `targetsM`; left out, each of the N tokens predicts one. `weightsM` add up to 1 over
 * a whole step or evaluation, 0 where a place does not count.
 */
type Predictions = TokenBatch & { rowsM?: Tensor; targetsM: Tensor; weightsM: Tensor };

/**
 * @param args.trainable what `update` changes: all of `params`, or an adapter among them
 * @returns `update` takes one optimizer step; `measure` gives loss, share of tokens that are the most probable one, and entropy
 */
export function createNextTokenSteps(args: {
  /** of the recipe, for errors */
  name: string;
  params: Params;
  trainable: Params;
  model: ModelConfig;
  optimizer: AdamW;
  options: { precision?: Precision; recompute?: boolean };
}) {
  const { name, params, trainable, model, optimizer, options } = args;
  const predict = ({ rowsM, targetsM, weightsM: _, ...batch }: Predictions) => {
    const hiddenMD = forwardHidden(params, model, batch, { recompute: options.recompute, rowsM });
    const logitsMV = lmLogits(params, model, hiddenMD);
    return { logitsMV, logProbsM: tokenLogProbs(logitsMV, targetsM) };
  };
  return {
    update: compile(
      `${name} step`,
      (inputs: Predictions & AdamWScalars<Tensor>) => {
        const { loss, grads } = valueAndGrads(trainable, () => ({
          loss: crossEntropy(predict(inputs).logProbsM, inputs.weightsM),
        }));
        return { loss, gradNorm: optimizer.update(grads, inputs) };
      },
      options,
    ),
    measure: compile(
      `${name} eval`,
      (inputs: Predictions) => {
        const { logitsMV, logProbsM } = predict(inputs);
        const rightM = tf.cast(tf.equal(tf.argMax(logitsMV, 1), inputs.targetsM), 'float32');
        return {
          loss: crossEntropy(logProbsM, inputs.weightsM),
          accuracy: tf.sum(tf.mul(rightM, inputs.weightsM)),
          entropy: tf.sum(tf.mul(tokenEntropy(logitsMV), inputs.weightsM)),
        };
      },
      options,
    ),
  };
}

export type NextTokenSteps = ReturnType<typeof createNextTokenSteps>;

/** Figures of held-out batches under the names of docs/metrics.md; `share` is what a batch counts of the whole. */
export async function measureBatches(
  measure: NextTokenSteps['measure'],
  batches: Iterable<{ inputs: HostInputs<Predictions>; share: number }>,
): Promise<Record<'eval_loss' | 'eval_mean_token_accuracy' | 'eval_entropy', number>> {
  const totals = { eval_loss: 0, eval_mean_token_accuracy: 0, eval_entropy: 0 };
  for (const { inputs, share } of batches) {
    const { loss, accuracy, entropy } = await measure(inputs);
    totals.eval_loss += share * scalarOf(loss);
    totals.eval_mean_token_accuracy += share * scalarOf(accuracy);
    totals.eval_entropy += share * scalarOf(entropy);
  }
  return totals;
}
