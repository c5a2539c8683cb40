/** Arithmetic of a run, from what its recipe says of one step. No TensorFlow import. */
import type { Pass, Work } from '../config/definition.ts';
import type { ModelSize } from './model-size.ts';

/** Sizes of the models that passes and memory are told of. A run's adapter is one of `start`; all of a critic is trained. */
export type Sizes = Record<Pass['model'], ModelSize>;

/**
 * Two floating-point operations for each parameter and token in the forward pass and four in the backward pass, two of them
 * for the gradient of the weights, which frozen ones have none of; recomputed blocks go forward twice. Attention's products of
 * tokens with tokens are not counted: they are small beside these at the lengths that are trained here.
 * @returns floating-point operations of the whole run, generation apart
 */
export function flopsOf(
  work: Work,
  sizes: Sizes,
  { recompute }: { recompute: boolean },
): { compute: number; generate: number } {
  const total = { compute: 0, generate: 0 };
  for (const pass of work.passes) {
    const { parameters, trainable, blockParameters, hiddenSize, vocabSize } = sizes[pass.model];
    const backward = trainable < parameters ? 2 : 4;
    const perBlock = pass.kind === 'train' ? 2 + backward + (recompute ? 2 : 0) : 2;
    const perLogit = pass.kind === 'train' ? 2 + backward : 2;
    const flops = perBlock * blockParameters * pass.tokens + perLogit * vocabSize * hiddenSize * pass.logits;
    total[pass.kind === 'generate' ? 'generate' : 'compute'] += work.steps * pass.times * flops;
  }
  return total;
}
