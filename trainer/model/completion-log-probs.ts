/** Shapes: S completions, M their tokens, D model width, V vocabulary. */
import { tokenLogProbs } from '../ops/token-log-probs.ts';
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tensors/tf.ts';
import type { ModelConfig } from './config.ts';
import { forwardHidden, lmLogits } from './decoder.ts';
import type { Params } from './params.ts';
import type { TokenBatch } from './token-batch.ts';

/** Of a batch of completions; see completionBatch in recipes/batches. */
export type CompletionInputs = TokenBatch &
  Record<'rowsM' | 'targetsM' | 'countsM' | 'sequenceM' | 'lengthsS', Tensor>;

/**
 * log pi of whole completions: the sum over their tokens, end token included, differentiable.
 *
 * @returns `logProbsS`; `logitsMV` and `hiddenMD` that the tokens were predicted from
 */
export function completionLogProbs(
  { params, config }: { params: Params; config: ModelConfig },
  inputs: CompletionInputs,
  { recompute }: { recompute: boolean },
): { logProbsS: Tensor1D; logitsMV: Tensor2D; hiddenMD: Tensor2D } {
  const { rowsM, targetsM, countsM, sequenceM, lengthsS, ...batch } = inputs;
  const hiddenMD = forwardHidden(params, config, batch, { recompute, rowsM });
  const logitsMV = lmLogits(params, config, hiddenMD);
  const countedM = tf.mul(tokenLogProbs(logitsMV, targetsM), countsM);
  return { logProbsS: sumOfEach(countedM, { sequenceM, lengthsS }) as Tensor1D, logitsMV, hiddenMD };
}

/** Sums by completion: [M, ...] to [S, ...]. */
export function sumOfEach(
  valuesM: Tensor,
  { sequenceM, lengthsS }: Pick<CompletionInputs, 'sequenceM' | 'lengthsS'>,
): Tensor {
  return tf.unsortedSegmentSum(valuesM, sequenceM as Tensor1D, lengthsS.size);
}
