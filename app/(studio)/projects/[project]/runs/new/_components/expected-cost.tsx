'use client';

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import {
  formatBytes,
  formatFigure,
} from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { formatDuration } from '@/lib/format-duration.ts';
import type { EstimateInput } from '@/server/runs/schemas.ts';

/** What the run would take on this machine, said before it is started. */
export function ExpectedCost({ request }: { request: EstimateInput | null }) {
  const trpc = useTRPC();
  const estimate = useQuery({
    ...trpc.runs.estimate.queryOptions(request ?? skipToken),
    placeholderData: keepPreviousData,
  });
  const data = request === null ? undefined : estimate.data;
  const isTight = data?.memoryBytes !== null && data !== undefined && data.memoryBytes > data.freeBytes;
  return (
    <div className="grid gap-2 text-sm">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <dt className="text-muted-foreground">Steps</dt>
        <dd className="text-right">
          {data?.totalSteps == null ? '–' : `about ${formatFigure(data.totalSteps)}`}
        </dd>
        <dt className="text-muted-foreground">Time</dt>
        <dd className="text-right">
          {data === undefined
            ? '–'
            : data.seconds === null
              ? 'not known'
              : `about ${formatDuration(data.seconds)}`}
        </dd>
        <dt className="text-muted-foreground">Memory</dt>
        <dd className="text-right">
          {data?.memoryBytes == null
            ? '–'
            : `about ${formatBytes(data.memoryBytes)} of ${formatBytes(data.freeBytes)} free`}
        </dd>
      </dl>
      {isTight ? (
        <p className="text-xs text-warning">This may be more memory than is free: choose a smaller batch.</p>
      ) : null}
      <p className="text-xs text-muted-foreground">
        {data?.basis ?? (estimate.error ? errorText(estimate.error) : null)}
      </p>
    </div>
  );
}
