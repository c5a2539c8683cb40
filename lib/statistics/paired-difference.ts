import { meanInterval } from './mean-interval.ts';

export const VERDICTS = ['better', 'worse', 'not told apart'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** By how much one is above another on the same things. */
export type PairedDifference = {
  value: number;
  /** 95 %; null for a single thing */
  bounds: { low: number; high: number } | null;
  /** how many independent things both were measured on */
  of: number;
  /** said only where the interval excludes 0 */
  verdict: Verdict;
};

/**
 * Mean difference of two measured on the same clusters (prompts, tasks), each cluster's own mean counting once, so that several draws of
 * one prompt do not count as several prompts.
 * @param pairs at least one
 */
export function pairedDifference(
  pairs: readonly { cluster: string; ours: number; others: number }[],
): PairedDifference {
  const byCluster = new Map<string, { sum: number; count: number }>();
  for (const { cluster, ours, others } of pairs) {
    const { sum, count } = byCluster.get(cluster) ?? { sum: 0, count: 0 };
    byCluster.set(cluster, { sum: sum + ours - others, count: count + 1 });
  }
  const { mean, bounds } = meanInterval([...byCluster.values()].map(({ sum, count }) => sum / count));
  return { value: mean, bounds, of: byCluster.size, verdict: verdictOf(bounds) };
}

/** What may be said of a difference with this interval. */
export function verdictOf(bounds: { low: number; high: number } | null): Verdict {
  if (bounds === null || (bounds.low <= 0 && bounds.high >= 0)) return 'not told apart';
  return bounds.low > 0 ? 'better' : 'worse';
}
