'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { Time } from '@/app/_ui/time.tsx';

const OPEN = ['uploading', 'queued', 'running'];
const HOUR_MS = 3_600_000;

/** Models on their way in, and those that were refused lately, each with the reason. Follows them until they have ended. */
export function AddingList({ projectId, mayRegister }: { projectId: string; mayRegister: boolean }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { data } = useQuery({
    ...trpc.models.registrations.queryOptions({ projectId }),
    refetchInterval: (query) =>
      query.state.data?.some(({ status }) => OPEN.includes(status)) ? 1000 : false,
  });
  const cancel = useMutation(
    trpc.models.cancelAdding.mutationOptions({
      onSettled: () => fetchAnew(queryClient, trpc.models.registrations.queryKey({ projectId })),
    }),
  );
  const numDone = data?.filter(({ status }) => status === 'done').length;
  const knownDone = useRef(numDone);
  useEffect(() => {
    if (knownDone.current !== undefined && numDone !== knownDone.current)
      void fetchAnew(queryClient, trpc.models.list.queryKey({ projectId }));
    knownDone.current = numDone;
  }, [numDone, queryClient, trpc, projectId]);
  const shown = data?.filter(
    ({ status, createdAt }) =>
      OPEN.includes(status) || (status === 'failed' && Date.now() - createdAt < 24 * HOUR_MS),
  );
  if (!shown || shown.length === 0) return null;
  return (
    <ul className="mb-5 grid gap-3" aria-label="Models being added">
      {shown.map((item) => (
        <li
          key={item.id}
          id={item.id}
          data-testid="adding"
          className="grid gap-2 rounded-lg border bg-card p-4 text-sm"
        >
          <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
            <span className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
              <span className="font-medium">{item.modelName}</span>
              <Badge tone={item.status === 'failed' ? 'danger' : 'accent'}>
                {item.status === 'failed' ? 'refused' : 'being added'}
              </Badge>
              <span className="text-xs text-muted-foreground">
                {sourceText(item.source)}, <Time at={item.createdAt} />
              </span>
            </span>
            {mayRegister && OPEN.includes(item.status) ? (
              <Button
                variant="outline"
                size="sm"
                isBusy={cancel.isPending}
                onClick={() => cancel.mutate({ projectId, registrationId: item.id })}
              >
                Cancel
              </Button>
            ) : null}
          </div>
          <FormError>{item.error}</FormError>
          <CallError error={cancel.variables?.registrationId === item.id ? cancel.error : null} />
          {OPEN.includes(item.status) ? (
            <>
              <p className="text-muted-foreground" aria-live="polite">
                {item.phase}
                {item.totalBytes > 0
                  ? `: ${megabytes(item.doneBytes)} of ${megabytes(item.totalBytes)} MB`
                  : null}
              </p>
              <Progress
                label={`${item.modelName}: ${item.phase}`}
                value={item.totalBytes > 0 ? item.doneBytes : null}
                max={item.totalBytes > 0 ? item.totalBytes : 1}
              />
            </>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

type Source =
  | { from: 'hub'; name: string; revision: string }
  | { from: 'folder'; folder: string }
  | { from: 'upload'; files: string[] };

/** Where a model came from, in words. */
export function sourceText(source: Source): string {
  if (source.from === 'hub') return `from the hub: ${source.name}, ${source.revision}`;
  return source.from === 'folder' ? `from the folder ${source.folder}` : 'uploaded';
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 });
}
