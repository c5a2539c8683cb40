/** Shapes: B rows, T width. */
import type { HostTensor } from '../backend/compile.ts';
import { padRows } from '../data/pad.ts';
import { positionsFromMask } from '../model/positions.ts';

/** The narrowest step between widths. */
const WIDTH_STEP = 8;

/**
 * Width for rows of this length: steps of a quarter of the power of two below it, 8 at least. A tracing backend meets few
 * shapes (24 up to 1,024 tokens), and at most a fifth of a width is padding that no row asked for.
 */
export function bucketWidth(length: number): number {
  const step = Math.max(WIDTH_STEP, 2 ** Math.floor(Math.log2(Math.max(1, length - 1))) / 4);
  return Math.ceil(length / step) * step;
}

/**
 * Rows of ids as the arrays a model's forward pass takes, padded on the right. Which side does not matter to the result
 * (training.md R13); on the right, token t of a row is in column t.
 *
 * @param rows at least one token each
 */
export function tokenBatch(
  rows: readonly (readonly number[])[],
  padTokenId: number,
): Record<'idsBT' | 'maskBT' | 'positionsBT', HostTensor> & { width: number } {
  const longest = rows.reduce((max, row) => Math.max(max, row.length), 1);
  const width = bucketWidth(longest);
  const empty = rows.findIndex((row) => row.length === 0);
  if (empty >= 0) throw new Error(`tokenBatch: row ${empty} is empty`);
  const { ids, mask } = padRows(rows, { padId: padTokenId, length: width });
  const shape = [rows.length, width];
  return {
    idsBT: { shape, data: ids },
    maskBT: { shape, data: mask },
    positionsBT: { shape, data: positionsFromMask(mask, width) },
    width,
  };
}
