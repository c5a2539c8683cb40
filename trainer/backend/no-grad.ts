import { tf } from './tf.ts';

/**
 * Runs `compute` without recording it for the gradient, as torch.no_grad does. tfjs has no stopGradient (tfjs issue
 * 7438): a condition or a frozen score derived from a differentiated tensor would otherwise end in "gradient function
 * not found". It counts as running inside a kernel, which is what tfjs' `isTapeOn()` looks at.
 */
export function noGrad<T>(compute: () => T): T {
  const { state } = tf.engine() as unknown as { state: { kernelDepth: number } };
  state.kernelDepth++;
  try {
    return compute();
  } finally {
    state.kernelDepth--;
  }
}
