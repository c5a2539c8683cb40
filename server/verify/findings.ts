import type { Finding, FindingKind } from '../audit/schemas.ts';

const MAX_KEPT = 1000;

/** Collects what checks find: the first thousand in words, all of them by kind. */
export type Findings = {
  add: (kind: FindingKind, where: string, problem: string) => void;
  list: Finding[];
  counts: Partial<Record<FindingKind, number>>;
};

/** An empty collection. */
export function collectFindings(): Findings {
  const list: Finding[] = [];
  const counts: Findings['counts'] = {};
  return {
    list,
    counts,
    add: (kind, where, problem) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (list.length < MAX_KEPT) list.push({ kind, where, problem });
    },
  };
}
