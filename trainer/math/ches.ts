/**
 * Centred hidden embedding similarity of a pair, length-normalised (arXiv:2410.08847 Definition 2): <c, r> - <c, c>, c and r the
 * means over a completion's tokens of the hidden states that predict them. The higher it is among pairs, the more alike the
 * two completions are to the model, and the likelier that raising their margin lowers the chosen one's probability.
 *
 * @param meanChosenD, meanRejectedD [D]
 */
export function ches(meanChosenD: ArrayLike<number>, meanRejectedD: ArrayLike<number>): number {
  if (meanChosenD.length !== meanRejectedD.length)
    throw new RangeError(`ches: widths ${meanChosenD.length} and ${meanRejectedD.length} differ`);
  let score = 0;
  for (let d = 0; d < meanChosenD.length; d++) {
    const chosen = meanChosenD[d] as number;
    score += chosen * ((meanRejectedD[d] as number) - chosen);
  }
  return score;
}
