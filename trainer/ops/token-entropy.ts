import { type Tensor, type Tensor1D, tf } from '../tensors/tf.ts';
import { expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel } from './kernel.ts';

export const TOKEN_ENTROPY = 'PlumblineTokenEntropy';

registerReference(TOKEN_ENTROPY, ({ logits }, { temperature }) => {
  const scaledNV = tf.div(logits as Tensor, temperature as number);
  const probabilitiesNV = tf.softmax(scaledNV);
  return tf.sub(tf.logSumExp(scaledNV, 1), tf.sum(tf.mul(probabilitiesNV, scaledNV), 1));
});

/**
 * Entropy in nats of `softmax(logits / temperature)` of each row: logits [N, V]; gives [N]. It is a metric: asking for
 * its gradient throws.
 */
export function tokenEntropy(logitsNV: Tensor, temperature = 1): Tensor1D {
  if (!(temperature > 0))
    throw new Error(`tokenEntropy: temperature is ${temperature}, expected more than 0`);
  expectTensor('tokenEntropy: logits', logitsNV, [null, null]);
  return runKernel(TOKEN_ENTROPY, { logits: logitsNV }, { temperature }) as Tensor1D;
}
