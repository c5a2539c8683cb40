import type { Precision } from './works.ts';

/** Chooses what matrix products of this process are computed in. @throws Error where they cannot be */
export function chooseMatmulPrecision(precision: Precision): void {
  if (precision === 'float32') return;
  throw new Error(`matrix products in ${precision} are not available`);
}
