import { isAddonLoaded } from './graph/addon.ts';

/**
 * Below this many parameters one thread computes an op faster than several: the parts are too short to be worth handing over.
 * Measured on two cores, tokens per second with one thread and with two:
 *
 *   0.86M parameters   train step              27,100   22,500
 *                      generation, batch 1      1,368      686
 *                      generation, batch 32    11,230    7,089
 *   3.7M parameters    train step               7,833    8,119
 *   135M parameters    train step                 150      280
 */
const ONE_THREAD_BELOW = 2e6;

/**
 * Gives the ops of TensorFlow's CPU build one thread for a small model; for others it takes one per core by itself. By the
 * model's size alone, so that a resumed run computes as it began. TensorFlow reads this once, when the addon is loaded: to be
 * called before a backend is chosen, even before asking for the best. Later it does nothing, and a value that is set stays.
 */
export function sizeNativeThreads(numParameters: number): void {
  if (isAddonLoaded() || numParameters >= ONE_THREAD_BELOW) return;
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
}
