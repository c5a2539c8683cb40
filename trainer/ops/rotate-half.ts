import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tensors/tf.ts';

/**
 * Plain tfjs rotary embedding of heads [N, heads, K] by table rows `positionsN` of cos and sin [P, K/2]: pair (i, i + K/2)
 * turns by the angle of row `position`, as Hugging Face's rotate_half does. `direction` -1 turns back, which is the gradient.
 */
export function rotateHalf(
  xNHK: Tensor,
  table: { cos: Tensor; sin: Tensor; positionsN: Tensor },
  direction: 1 | -1 = 1,
): Tensor {
  const cos = tf.expandDims(tf.gather(table.cos as Tensor2D, table.positionsN as Tensor1D), 1);
  const sin = tf.mul(
    tf.expandDims(tf.gather(table.sin as Tensor2D, table.positionsN as Tensor1D), 1),
    direction,
  );
  const [low, high] = tf.split(xNHK, 2, 2) as [Tensor, Tensor];
  return tf.concat(
    [tf.sub(tf.mul(low, cos), tf.mul(high, sin)), tf.add(tf.mul(high, cos), tf.mul(low, sin))],
    2,
  );
}
