/** What a comparison of two sides comes to. */
export type Comparison = { ours: number; peer: number; ratio: number; low: number; high: number };

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('median: no values');
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

/**
 * Ours against the peer's, round by round: the two sides of a round ran one right after the other, so what slows the
 * machine for a while slows both. `ratio` is the median of the rounds' ratios, `low` and `high` their smallest and largest;
 * `ours` and `peer` are medians of their own, so their quotient may differ a little from `ratio`.
 */
export function compareRounds(ours: readonly number[], peer: readonly number[]): Comparison {
  if (ours.length !== peer.length)
    throw new Error(`compareRounds: ${ours.length} rounds of ours, ${peer.length} of the peer`);
  const ratios = ours.map((value, round) => value / (peer[round] as number));
  return {
    ours: median(ours),
    peer: median(peer),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
  };
}
