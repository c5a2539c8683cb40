/** Shapes: B rows, T width, N tokens. */

import { padRows } from '../../data/pad.ts';
import { positionsFromMask } from '../../model/positions.ts';
import type { HostTensor } from '../../tensors/compile.ts';
import { ints } from '../run/host-arrays.ts';

/** The narrowest step between widths. */
const WIDTH_STEP = 8;
/** More than any vocabulary has; times as many tokens as a batch can hold it is still an exact integer. */
const MOST_IDS = 2 ** 21;
/** A packing is worth its passes over queries, keys and values when it leaves at most this share of the places. */
const WORTH_PACKING = 0.85;

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

/** The arrays of tokenBatch or packedBatch, and the row of the hidden states that has token t of row b. */
export type PlacedBatch = {
  arrays: Record<'idsBT' | 'maskBT' | 'positionsBT', HostTensor> &
    Partial<Record<'tokenOfBT' | 'placeOfN', HostTensor>>;
  rowOf(b: number, t: number): number;
  /** N, with what it is rounded up by */
  numTokens: number;
};

/**
 * tokenBatch with a packing where one is worth it: no padding, and what rows have in common at their beginning once, as
 * answers to one prompt do. In a causal decoder a token's hidden state depends on what is before it alone, so rows
 * that begin alike share it, and the numbers are those of the padded batch but for rounding.
 *
 * @param rows at least one token each
 * @param options.pack false for the padded batch alone, see isPackingWorthIt
 */
export function packedBatch(
  rows: readonly (readonly number[])[],
  { padTokenId, pack }: { padTokenId: number; pack: boolean },
): PlacedBatch {
  const { width, ...padded } = tokenBatch(rows, padTokenId);
  const asPadded = {
    arrays: padded,
    rowOf: (b: number, t: number) => b * width + t,
    numTokens: rows.length * width,
  };
  if (!pack) return asPadded;
  const tokenOfBT = new Int32Array(rows.length * width);
  const places: number[] = [];
  // a trie: the token that follows token `before` (-1 at a row's start) with this id
  const tokens = new Map<number, number>();
  rows.forEach((ids, b) => {
    let before = -1;
    ids.forEach((id, t) => {
      const edge = (before + 1) * MOST_IDS + id;
      let token = tokens.get(edge);
      if (token === undefined) {
        token = places.length;
        places.push(b * width + t);
        tokens.set(edge, token);
      }
      tokenOfBT[b * width + t] = token;
      before = token;
    });
  });
  const numTokens = bucketWidth(places.length);
  if (numTokens > WORTH_PACKING * tokenOfBT.length) return asPadded;
  const packing = {
    tokenOfBT: { shape: [rows.length, width], data: tokenOfBT },
    placeOfN: ints([...places, ...new Array<number>(numTokens - places.length).fill(0)]),
  };
  const rowOf = (b: number, t: number) => tokenOfBT[b * width + t] as number;
  return { arrays: { ...padded, ...packing }, rowOf, numTokens };
}
