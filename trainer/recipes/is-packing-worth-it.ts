import { tf } from '../backend/tf.ts';

/**
 * On native every new shape of a batch is traced, which takes a fraction of a second and more (ADR 008), and packed batches have more
 * shapes. A model of fewer parameters than this computes the padding of a whole run in less. Measured in the demo, 0.4M
 * parameters: reward model stage 17.1 s packed, 13.6 s padded.
 */
const FEWEST_PARAMETERS = 2e6;

/** Whether a model's batches are packed: always but for small models on a backend that traces. */
export function isPackingWorthIt(numParameters: number): boolean {
  return tf.getBackend() !== 'native' || numParameters >= FEWEST_PARAMETERS;
}
