import { tf } from './tf.ts';

/**
 * Guards a training loop against tensor leaks: call the returned function at the same place after every step. What the
 * first steps make and keep (tables, moments) is the baseline; after it the number of tensors must stay as it is.
 * @param warmUpSteps how many steps may still add tensors
 * @throws Error naming the step and the counts when tensors were left over
 */
export function guardTensorCount(warmUpSteps = 1): (step: number) => void {
  let baseline = 0;
  let calls = 0;
  return (step) => {
    const { numTensors } = tf.memory();
    calls++;
    if (calls <= warmUpSteps) {
      baseline = numTensors;
      return;
    }
    if (numTensors > baseline) {
      const left = numTensors - baseline;
      throw new Error(
        `step ${step} left ${left} tensor${left === 1 ? '' : 's'} behind: ${baseline} before, ${numTensors} now`,
      );
    }
  };
}
