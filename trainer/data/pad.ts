/** Rows of token ids of different lengths into one rectangle [B,T], with the mask that tells tokens (1) from padding (0). */

export type PaddedRows = {
  numRows: number;
  length: number;
  /** [B,T] */
  ids: Int32Array;
  /** [B,T]: 1 where a token is */
  mask: Int32Array;
};

/**
 * Pads to the longest row, or to `length`. Training pads on the right; generation on the left, so that every row's last
 * token is in the last column (training.md P4). Throws when a row is longer than `length`.
 */
export function padRows(
  rows: readonly (readonly number[])[],
  { padId, side = 'right', length }: { padId: number; side?: 'left' | 'right'; length?: number },
): PaddedRows {
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const width = length ?? longest;
  if (longest > width)
    throw new RangeError(`a row has ${longest} tokens, more than the ${width} it is padded to`);
  const ids = new Int32Array(rows.length * width).fill(padId);
  const mask = new Int32Array(rows.length * width);
  rows.forEach((row, b) => {
    const start = b * width + (side === 'left' ? width - row.length : 0);
    ids.set(row, start);
    mask.fill(1, start, start + row.length);
  });
  return { numRows: rows.length, length: width, ids, mask };
}
