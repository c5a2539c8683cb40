import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tensors/tf.ts';
import { expectBelow, expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel, withGradient } from './kernel.ts';

export const EMBEDDING = 'PlumblineEmbedding';
export const EMBEDDING_GRADIENT = 'PlumblineEmbeddingGradient';

registerReference(EMBEDDING, ({ weight, ids }) => {
  expectBelow('embedding: ids', (ids as Tensor).dataSync(), (weight as Tensor).shape[0] as number);
  return tf.gather(weight as Tensor2D, ids as Tensor1D);
});
registerReference(EMBEDDING_GRADIENT, ({ ids, dy }, { rows }) =>
  tf.unsortedSegmentSum(dy as Tensor2D, ids as Tensor1D, rows as number),
);

/**
 * Rows `ids` [M] of `weight` [V, D]; gives [M, D]. The gradient adds up rows that were picked more than once. Also used
 * to pick rows of a hidden state.
 */
export function embedding(weightVD: Tensor, idsM: Tensor): Tensor2D {
  expectTensor('embedding: weight', weightVD, [null, null]);
  expectTensor('embedding: ids', idsM, [null], 'int32');
  const rows = weightVD.shape[0] as number;
  return withGradient(
    [weightVD],
    () => ({ value: runKernel(EMBEDDING, { weight: weightVD, ids: idsM }), saved: [idsM] }),
    (dy, [ids]) => [runKernel(EMBEDDING_GRADIENT, { ids: ids as Tensor, dy }, { rows })],
  ) as Tensor2D;
}
