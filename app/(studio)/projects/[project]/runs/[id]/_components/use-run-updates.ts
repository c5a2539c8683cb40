'use client';

import { useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useSubscription } from '@trpc/tanstack-react-query';
import { useEffect, useRef, useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import type { Series } from '@/app/(studio)/projects/[project]/runs/_components/curves/curve-view.ts';
import type { AppRouter } from '@/server/root.ts';
import type { RunUpdates } from '@/server/runs/follow.ts';

/** as it comes over the wire */
export type RunEvent = inferRouterOutputs<AppRouter>['runs']['events'][number];
type Updates = Omit<RunUpdates, 'events'> & { events: RunEvent[] };
type LiveState = { series: Series; events: RunEvent[]; run: RunUpdates['run'] | null };

/**
 * Curves and events of a run, kept up to date. The page's first picture is given; everything after it comes over SSE, which
 * goes on from the last message after a lost connection. When a run was resumed, points past its checkpoint are dropped,
 * since they come again.
 */
export function useRunUpdates({
  projectId,
  runId,
  initial,
  lastId,
  isLive,
}: {
  projectId: string;
  runId: string;
  initial: { series: Series; events: RunEvent[] };
  lastId: string;
  isLive: boolean;
}): LiveState & { connection: 'live' | 'connecting' | 'ended' } {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [state, setState] = useState<LiveState>({ ...initial, run: null });
  const [hasEnded, setHasEnded] = useState(!isLive);
  const refreshed = useRef(0);

  // a run taken up again (resumed by hand) is followed again
  useEffect(() => {
    if (isLive) setHasEnded(false);
  }, [isLive]);

  const subscription = useSubscription(
    trpc.runs.follow.subscriptionOptions(
      { projectId, runId, lastEventId: lastId },
      {
        enabled: !hasEnded,
        onData: ({ data }) => {
          setState((current) => applyUpdates(current, data));
          const now = Date.now();
          const isNews = data.isComplete || data.events.length > 0;
          if (data.sampleSteps.length > 0) {
            void queryClient.invalidateQueries({
              queryKey: trpc.runs.samples.queryKey({ projectId, runId }),
            });
          }
          if (isNews && now - refreshed.current > 300) {
            refreshed.current = now;
            void queryClient.invalidateQueries({ queryKey: trpc.runs.get.queryKey({ projectId, runId }) });
          }
          if (data.isComplete) {
            setHasEnded(true);
            void fetchAnew(queryClient, trpc.runs.get.queryKey({ projectId, runId }));
          }
        },
      },
    ),
  );
  const connection = hasEnded ? 'ended' : subscription.status === 'pending' ? 'live' : 'connecting';
  return { ...state, connection };
}

/** State after one message. */
export function applyUpdates(current: LiveState, updates: Updates): LiveState {
  const known = new Set(current.events.map((event) => event.id));
  const fresh = updates.events.filter((event) => !known.has(event.id));
  let series = current.series;
  for (const event of fresh) {
    if (event.type !== 'resumed' && event.type !== 'begun-anew') continue;
    // begun anew: what was drawn is kept apart
    const fromStep = event.type === 'begun-anew' ? -1 : (event.payload as { fromStep: number }).fromStep;
    // rows are deleted and told in one transaction, so points of this message are all of the new life
    series = Object.fromEntries(
      Object.entries(series).map(([name, points]) => [
        name,
        points.filter((point) => point.step <= fromStep),
      ]),
    );
  }
  if (updates.metrics.length > 0) {
    series = { ...series };
    for (const { name, step, value } of updates.metrics) {
      const points = series[name] ?? [];
      const last = points.at(-1);
      // a message sent again after a lost connection must not draw a point twice
      if (last && last.step >= step) continue;
      series[name] = [...points, { step, value, low: value, high: value }];
    }
  }
  return {
    series,
    events: fresh.length === 0 ? current.events : [...current.events, ...fresh],
    run: updates.run,
  };
}
