'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { FormError } from '@/app/_ui/field.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { Time } from '@/app/_ui/time.tsx';

const TITLES = {
  snapshot: 'A snapshot is being made',
  'fill-snapshot': 'The list of a snapshot’s judgments is being written; it can be used already',
  export: 'An export is being written',
} as const;

/** What the worker makes of large snapshots and exports, with how far it is; nothing when it makes none. */
export function MakingList({ projectId }: { projectId: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { data: making = [] } = useQuery({
    ...trpc.snapshots.making.queryOptions({ projectId }),
    refetchInterval: ({ state }) => (state.data?.some(({ status }) => status !== 'failed') ? 2000 : false),
  });
  const open = making
    .filter(({ status }) => status !== 'failed')
    .map(({ jobId }) => jobId)
    .join(' ');
  const before = useRef(open);
  useEffect(() => {
    // something was finished: it is in the lists now
    if (before.current !== '' && before.current !== open)
      void fetchAnew(queryClient, trpc.snapshots.pathKey());
    before.current = open;
  }, [open, queryClient, trpc]);
  if (making.length === 0) return null;
  return (
    <ul aria-label="Being made" className="grid gap-3">
      {making.map(({ jobId, kind, status, progress, error, createdAt }) => (
        <li key={jobId} className="grid gap-1.5 rounded-md border bg-card px-4 py-3 text-sm">
          {status === 'failed' ? (
            <FormError>
              {kind === 'export' ? 'An export' : 'A snapshot'} asked for at <Time at={createdAt} /> failed:{' '}
              {error}
            </FormError>
          ) : (
            <>
              <p>
                {TITLES[kind]}
                {status === 'queued' ? ' as soon as the worker is free' : ''}
                {progress === null
                  ? '.'
                  : `: ${progress.done.toLocaleString('en-US')} of ${progress.total.toLocaleString('en-US')} judgments.`}
              </p>
              <Progress value={progress?.done ?? null} max={progress?.total ?? 1} label={TITLES[kind]} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
