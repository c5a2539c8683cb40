import type { Agreement } from './agreement.ts';
import type { Row } from './row.ts';
import { type Comparison, compareRounds } from './statistics.ts';
import type { Work } from './works.ts';

/** What one setting of the peer gave in each round, and how it compares step by step. */
export type PeerRounds = { setting: string; values: number[]; agreement: Agreement };

export const AS_INSTALLED = 'as installed';

/**
 * Two rows of a work: beside the peer as installed, and beside its best setting, which may be the same. The best is the one
 * that leaves us the worst ratio. A setting whose losses differ from ours cannot be the best.
 */
export function makeRows(
  work: Work,
  { ours, peers, others, note }: { ours: number[]; peers: PeerRounds[]; others: number | null; note: string },
): Row[] {
  const isLess = work.measures === 'peak RSS';
  const compared = peers.map((peer) => ({ ...peer, comparison: compareRounds(ours, peer.values) }));
  const asInstalled = compared.find(({ setting }) => setting === AS_INSTALLED);
  if (!asInstalled) throw new Error(`${work.name}: the peer was not measured as installed`);
  const worst = (a: Comparison, b: Comparison): boolean => (isLess ? a.ratio > b.ratio : a.ratio < b.ratio);
  const best = compared.reduce(
    (found, one) => (one.agreement.agree && worst(one.comparison, found.comparison) ? one : found),
    asInstalled,
  );
  const row = (variant: Row['variant'], { setting, agreement, comparison }: typeof best): Row => ({
    work: work.name,
    variant,
    peerName: work.peer,
    setting,
    precision: work.precision,
    unit: isLess ? 'MiB' : 'tokens/s',
    ...comparison,
    rounds: ours.length,
    lossesAgree: agreement.agree,
    // JSON has no NaN
    difference: Number.isNaN(agreement.largestDifference) ? null : agreement.largestDifference,
    tolerance: agreement.tolerance,
    others,
    note,
  });
  return [row('as installed', asInstalled), row('at its best', best)];
}
