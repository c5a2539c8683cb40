import { activeStepBackend } from '../../tensors/active-backend.ts';

/**
 * On native every new shape of a batch is traced, which takes a fraction of a second and more (ADR 008), and packed batches have more
 * shapes. At 0.4M parameters that costs more than the padding (demo, reward model stage: 17.1 s packed, 13.6 s padded), at 135M far
 * less (docs/experiments.md); where between them it turns was not measured.
 */
const FEWEST_PARAMETERS = 2e6;

/** Whether a model's batches are packed: always but for small models on a backend that traces. */
export function isPackingWorthIt(numParameters: number): boolean {
  return !activeStepBackend().preparesShapes || numParameters >= FEWEST_PARAMETERS;
}
