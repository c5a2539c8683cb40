import { type Tensor, type Tensor1D, tf } from '../tensors/tf.ts';
import { expectBelow, expectTensor } from './expect-tensor.ts';
import { registerReference, runKernel, runKernelForMany, withGradient } from './kernel.ts';

export const TOKEN_LOG_PROBS = 'PlumblineTokenLogProbs';
export const TOKEN_LOG_PROBS_GRADIENT = 'PlumblineTokenLogProbsGradient';

// tf.oneHot refuses a depth of 1.
function oneHot(targetsN: Tensor, vocab: number): Tensor {
  return tf.cast(tf.equal(tf.expandDims(targetsN, 1), tf.range(0, vocab, 1, 'int32')), 'float32');
}

/** Plain tfjs: [log softmax(logits / temperature)[target], log-sum-exp of logits / temperature], both [N]. */
export function tokenLogProbsReference(
  logitsNV: Tensor,
  targetsN: Tensor,
  temperature: number,
): [Tensor, Tensor] {
  const scaledNV = tf.div(logitsNV, temperature);
  const pickedNV = oneHot(targetsN, logitsNV.shape[1] as number);
  const logSumExpN = tf.logSumExp(scaledNV, 1);
  return [tf.sub(tf.sum(tf.mul(scaledNV, pickedNV), 1), logSumExpN), logSumExpN];
}

registerReference(TOKEN_LOG_PROBS, ({ logits, targets }, { temperature }) => {
  const vocab = (logits as Tensor).shape[1] as number;
  expectBelow('tokenLogProbs: targets', (targets as Tensor).dataSync(), vocab);
  return tokenLogProbsReference(logits as Tensor, targets as Tensor, temperature as number);
});
registerReference(TOKEN_LOG_PROBS_GRADIENT, (inputs, { temperature }) => {
  const { logits, targets, logSumExp, dy } = inputs as Record<
    'logits' | 'targets' | 'logSumExp' | 'dy',
    Tensor
  >;
  const probabilitiesNV = tf.exp(tf.sub(tf.div(logits, temperature as number), tf.expandDims(logSumExp, 1)));
  const errorNV = tf.sub(oneHot(targets, logits.shape[1] as number), probabilitiesNV);
  return tf.mul(tf.expandDims(tf.div(dy, temperature as number), 1), errorNV);
});

/**
 * `log softmax(logits / temperature)[target]` of each row: logits [N, V], targets int32 [N]; gives [N].
 * The gradient is `dy * (onehot - p) / temperature`.
 */
export function tokenLogProbs(logitsNV: Tensor, targetsN: Tensor, temperature = 1): Tensor1D {
  if (!(temperature > 0))
    throw new Error(`tokenLogProbs: temperature is ${temperature}, expected more than 0`);
  expectTensor('tokenLogProbs: logits', logitsNV, [null, null]);
  expectTensor('tokenLogProbs: targets', targetsN, [logitsNV.shape[0] as number], 'int32');
  return withGradient(
    [logitsNV],
    () => {
      const inputs = { logits: logitsNV, targets: targetsN };
      const [logProbs, logSumExp] = runKernelForMany(TOKEN_LOG_PROBS, inputs, { temperature });
      return { value: logProbs as Tensor, saved: [logitsNV, targetsN, logSumExp as Tensor] };
    },
    (dy, saved) => {
      const [logits, targets, logSumExp] = saved as [Tensor, Tensor, Tensor];
      return [runKernel(TOKEN_LOG_PROBS_GRADIENT, { logits, targets, logSumExp, dy }, { temperature })];
    },
  ) as Tensor1D;
}
