import { maskedCount, maskedMean, maskedSum } from './masked.ts';

/**
 * Three ways to make one number of a [B, T] loss (training.md P26). They differ as soon as rows differ in length, so a
 * trainer must say which it uses: this one uses `tokenMean` over the GLOBAL token count everywhere.
 */

/** Sum of all token losses over the number of tokens. `globalTokens` when this is one shard of a larger batch. */
export function tokenMean(lossBT: number[][], maskBT: number[][], globalTokens?: number): number {
  let sum = 0;
  let count = 0;
  lossBT.forEach((row, b) => {
    const mask = maskBT[b] as number[];
    sum += maskedSum(row, mask);
    count += maskedCount(mask);
  });
  const divisor = globalTokens ?? count;
  if (divisor < 1) throw new Error('tokenMean: every token is masked');
  return sum / divisor;
}

/** Mean over rows of the mean over the row's tokens. */
export function sequenceMeanTokenMean(lossBT: number[][], maskBT: number[][]): number {
  const rows = lossBT.map((row, b) => maskedMean(row, maskBT[b] as number[]));
  return rows.reduce((a, b) => a + b, 0) / rows.length;
}

/** Mean over rows of the sum over the row's tokens. */
export function sequenceMeanTokenSum(lossBT: number[][], maskBT: number[][]): number {
  const rows = lossBT.map((row, b) => maskedSum(row, maskBT[b] as number[]));
  return rows.reduce((a, b) => a + b, 0) / rows.length;
}
