/**
 * How exact a float32 matrix product is. Some settings that pass for float32 compute in fewer bits on some processors
 * (bfloat16 with a float32 sum, TF32): a side that does so competes in another class.
 */

import { createRng } from '../../lib/rng.ts';
import type { HostTensor } from '../../trainer/tensors/host-tensor.ts';

export const PROBE_SIZE = 512;
/**
 * Largest error against float64, relative to the largest element, that still counts as float32. Sums of 512 products in
 * float32 err by less than 1e-6 of it, inputs rounded to bfloat16 by some 1e-3, to TF32 by some 1e-4.
 */
export const FLOAT32_ERROR = 1e-5;

/** Two matrices of standard normal numbers, the same on every machine. */
export function probeMatrices(): { left: HostTensor; right: HostTensor } {
  const rng = createRng(1, 'bench probe');
  const matrix = (): HostTensor => ({
    shape: [PROBE_SIZE, PROBE_SIZE],
    data: Float32Array.from({ length: PROBE_SIZE ** 2 }, () => rng.normal()),
  });
  return { left: matrix(), right: matrix() };
}

/** Largest difference of `product` from left x right in float64, relative to the largest element of that. */
export function productError(
  product: ArrayLike<number>,
  { left, right }: { left: ArrayLike<number>; right: ArrayLike<number> },
  size: number,
): number {
  let largest = 0;
  let error = 0;
  const row = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    row.fill(0);
    for (let k = 0; k < size; k++) {
      const factor = left[i * size + k] as number;
      for (let j = 0; j < size; j++) row[j] = (row[j] as number) + factor * (right[k * size + j] as number);
    }
    for (let j = 0; j < size; j++) {
      largest = Math.max(largest, Math.abs(row[j] as number));
      error = Math.max(error, Math.abs((row[j] as number) - (product[i * size + j] as number)));
    }
  }
  return error / largest;
}
