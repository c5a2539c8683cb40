import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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

let collect: (() => void) | null = null;

/**
 * Gives back the memory of arrays that nobody refers to any more. V8 does so when it sees fit, and it does not see that
 * TensorFlow is about to ask the system for as much again.
 */
export function collectGarbage(): void {
  if (!collect) {
    // the documented way to V8's own collector without a flag on the command line
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
