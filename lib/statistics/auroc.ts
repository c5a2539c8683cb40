/** 97.5th percentile of the standard normal: two-sided 95 %. */
const Z_95 = 1.959963984540054;

/**
 * Area under the ROC curve: the probability that a positive scores higher than a negative, equal scores half, with the 95 %
 * interval of Hanley and McNeil (1982), Radiology 143, Eq. 1 and 2. NaN where one side is empty.
 *
 * @param scores one for each example; @param isPositive its side
 */
export function auroc(
  scores: ArrayLike<number>,
  isPositive: readonly boolean[],
): { area: number; low: number; high: number } {
  const order = isPositive.map((_, i) => i).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  const numPositive = isPositive.filter(Boolean).length;
  const numNegative = isPositive.length - numPositive;
  if (numPositive === 0 || numNegative === 0) return { area: Number.NaN, low: Number.NaN, high: Number.NaN };
  // equal scores share the mean of their ranks
  let rankSum = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number]) to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (isPositive[order[i] as number]) rankSum += rank;
    from = to;
  }
  const area = (rankSum - (numPositive * (numPositive + 1)) / 2) / (numPositive * numNegative);
  const q1 = area / (2 - area);
  const q2 = (2 * area ** 2) / (1 + area);
  const variance =
    (area * (1 - area) + (numPositive - 1) * (q1 - area ** 2) + (numNegative - 1) * (q2 - area ** 2)) /
    (numPositive * numNegative);
  const half = Z_95 * Math.sqrt(Math.max(0, variance));
  return { area, low: Math.max(0, area - half), high: Math.min(1, area + half) };
}
