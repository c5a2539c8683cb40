/**
 * 4-bit NormalFloat of QLoRA (arXiv:2305.14314; bitsandbytes csrc/kernels.cu dQuantizeNF4): blocks of values share one
 * float32 absolute maximum, each value becomes the index of one of 16 levels, two indices to a byte, the first in the high
 * nibble.
 */

/** The 16 levels, exact float32 values. */
export const NF4_LEVELS: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

/** Halfway between neighbouring levels; a value strictly above goes up. */
export const NF4_MIDPOINTS: readonly number[] = NF4_LEVELS.slice(1).map(
  (level, i) => (level + (NF4_LEVELS[i] as number)) / 2,
);

/** Index of the level nearest to x in [-1, 1]. */
function nearestLevel(x: number): number {
  let low = 0;
  let high = NF4_MIDPOINTS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x > (NF4_MIDPOINTS[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param x any length; the last block may be short
 * @returns packed [ceil(n / 2)] bytes and the absolute maximum of every block, [ceil(n / blockSize)]
 * @throws on NaN or infinity
 */
export function quantizeNf4(
  x: ArrayLike<number>,
  blockSize = 64,
): { packed: Uint8Array; absMax: Float32Array; length: number } {
  const packed = new Uint8Array(Math.ceil(x.length / 2));
  const absMax = new Float32Array(Math.ceil(x.length / blockSize));
  for (let block = 0; block < absMax.length; block++) {
    const end = Math.min(x.length, (block + 1) * blockSize);
    let max = 0;
    for (let i = block * blockSize; i < end; i++) {
      const value = x[i] as number;
      if (!Number.isFinite(value))
        throw new Error(`quantizeNf4: entry ${i} is ${value}, expected a finite number`);
      max = Math.max(max, Math.abs(value));
    }
    absMax[block] = max;
    for (let i = block * blockSize; i < end; i++) {
      const index = nearestLevel(max === 0 ? 0 : (x[i] as number) / max);
      packed[i >> 1] = (packed[i >> 1] as number) | (i % 2 === 0 ? index << 4 : index);
    }
  }
  return { packed, absMax, length: x.length };
}

/** The values that the indices stand for, [length]. */
export function dequantizeNf4(
  { packed, absMax, length }: { packed: Uint8Array; absMax: Float32Array; length: number },
  blockSize = 64,
): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const byte = packed[i >> 1] as number;
    const index = i % 2 === 0 ? byte >> 4 : byte & 15;
    return (NF4_LEVELS[index] as number) * (absMax[Math.floor(i / blockSize)] as number);
  });
}
