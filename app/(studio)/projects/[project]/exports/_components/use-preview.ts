'use client';

import { useEffect, useState } from 'react';
import { useTRPCClient } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import type { SnapshotQueryInput } from '@/lib/snapshot-query.ts';

export type PreviewCounts = {
  kept: number;
  dropped: Record<string, number>;
  bySource: Record<string, number>;
  looked: number;
  /** false while more judgments are being looked at */
  isWhole: boolean;
};

const QUIET_MS = 300;
const NOTHING: PreviewCounts = { kept: 0, dropped: {}, bySource: {}, looked: 0, isWhole: false };

/**
 * What a query would keep and leave out, counted part by part: the server looks at as many judgments as a quarter of a second is
 * enough for. Waits until typing rests, and drops what an earlier query has on the way.
 */
export function usePreview(projectId: string, query: SnapshotQueryInput, anew: number) {
  const client = useTRPCClient();
  const [state, setState] = useState<{ asked: string; counts: PreviewCounts; error: string | null }>();
  const asked = JSON.stringify([query, anew]);
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const count = async () => {
      const [conditions] = JSON.parse(asked) as [SnapshotQueryInput];
      let counts = NOTHING;
      let part: { cursor: string | null; until: number | undefined } = {
        cursor: null,
        until: conditions.until,
      };
      do {
        const input = {
          projectId,
          ...conditions,
          cursor: part.cursor,
          ...(part.until !== undefined && { until: part.until }),
        };
        const found = await client.snapshots.preview.query(input, { signal });
        if (signal.aborted) return;
        counts = {
          kept: counts.kept + found.kept,
          dropped: added(counts.dropped, found.dropped),
          bySource: added(counts.bySource, found.bySource),
          looked: counts.looked + found.looked,
          isWhole: found.cursor === null,
        };
        part = found;
        setState({ asked, counts, error: null });
      } while (part.cursor !== null);
    };
    const timer = setTimeout(() => {
      count().catch((error: unknown) => {
        if (signal.aborted) return;
        setState({
          asked,
          counts: NOTHING,
          error: error instanceof Error ? errorText(error) : String(error),
        });
      });
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [asked, client, projectId]);
  const isOf = state?.asked === asked;
  return { counts: isOf ? state.counts : null, error: isOf ? state.error : null };
}

function added(sum: Record<string, number>, more: Record<string, number>): Record<string, number> {
  const result = { ...sum };
  for (const [key, n] of Object.entries(more)) result[key] = (result[key] ?? 0) + n;
  return result;
}
