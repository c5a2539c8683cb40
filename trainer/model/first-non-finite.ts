/** Index of the first NaN or infinity, or -1. One pass without branches for the usual case: models have 10^8 values. */
export function firstNonFinite(data: Float32Array): number {
  let sum = 0;
  // 0 times a finite number is 0; times anything else it is NaN, which stays
  for (let i = 0; i < data.length; i++) sum += 0 * (data[i] as number);
  return sum === 0 ? -1 : data.findIndex((value) => !Number.isFinite(value));
}
