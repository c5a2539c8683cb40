/**
 * Position ids of padded rows: max(cumsum(mask) - 1, 0), so that a token's position does not depend on where its row is
 * padded (training.md P4). `mask` is row-major [B, T] of 0 and 1.
 */
export function positionsFromMask(mask: Int32Array, time: number): Int32Array {
  if (mask.length % time !== 0) {
    throw new Error(`mask of ${mask.length} elements does not divide into rows of ${time}`);
  }
  const positions = new Int32Array(mask.length);
  for (let start = 0; start < mask.length; start += time) {
    let seen = 0;
    for (let t = start; t < start + time; t++) {
      seen += mask[t] as number;
      positions[t] = Math.max(seen - 1, 0);
    }
  }
  return positions;
}
