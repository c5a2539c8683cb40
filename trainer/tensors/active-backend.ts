import { eagerSteps } from './eager-steps.ts';
import type { StepBackend } from './step-backend.ts';

let active: StepBackend = eagerSteps;

/** How compiled steps run now. */
export function activeStepBackend(): StepBackend {
  return active;
}

/** For backends/choose.ts alone, which makes the kernels of the same backend the active ones. */
export function setStepBackend(backend: StepBackend): void {
  active = backend;
}
