'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { formatDuration } from '@/lib/format-duration.ts';

const count = (n: number) => n.toLocaleString('en-US');

/** Responses that are being written: how many, and how long it still takes. Nothing while none are. */
export function GenerationsList({ projectId, mayCancel }: { projectId: string; mayCancel: boolean }) {
  const trpc = useTRPC();
  const generations = useQuery(
    trpc.models.generations.queryOptions(
      { projectId },
      { refetchInterval: (query) => ((query.state.data?.length ?? 0) > 0 ? 2000 : 15_000) },
    ),
  );
  const cancel = useMutation(
    trpc.models.cancelGeneration.mutationOptions({ onSettled: () => void generations.refetch() }),
  );
  const items = generations.data ?? [];
  if (items.length === 0) return null;
  return (
    <Card aria-labelledby="generations" className="mb-5">
      <CardHeader>
        <CardTitle id="generations">Responses being written</CardTitle>
      </CardHeader>
      <ul>
        {items.map((item) => (
          <li
            key={item.jobId}
            className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t px-4 py-3 text-sm"
          >
            <div className="grid min-w-0 flex-1 basis-56 gap-1">
              <span>
                {count(item.done)} of {count(item.total)} responses to {count(item.numPrompts)} prompts
                <span className="text-muted-foreground">
                  {item.isStopping
                    ? ', stops after this batch'
                    : item.status === 'queued'
                      ? ', waits for the worker'
                      : item.status === 'paused'
                        ? ', paused'
                        : item.remainingSeconds === null
                          ? ''
                          : `, ${formatDuration(item.remainingSeconds)} left`}
                </span>
              </span>
              <Progress
                value={item.done}
                max={item.total}
                label={`${item.done} of ${item.total} responses written`}
              />
            </div>
            {mayCancel ? (
              <Button
                variant="destructive"
                size="sm"
                isBusy={cancel.isPending || item.isStopping}
                onClick={() => cancel.mutate({ projectId, jobId: item.jobId })}
              >
                Cancel
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      <CallError error={cancel.error} />
    </Card>
  );
}
