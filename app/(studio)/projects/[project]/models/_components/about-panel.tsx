'use client';

import { useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import type { ReactNode } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { formatDuration } from '@/lib/format-duration.ts';
import type { AppRouter } from '@/server/root.ts';
import { sourceText } from './adding-list.tsx';

type Checkpoint = inferRouterOutputs<AppRouter>['models']['list'][number]['checkpoints'][number];

/** Where a registered model came from, what it gave when it was tried out, and what each recipe would take with it here. */
export function AboutPanel({
  projectId,
  checkpoint,
  mayStart,
}: {
  projectId: string;
  checkpoint: Checkpoint;
  mayStart: boolean;
}) {
  const { origin } = checkpoint;
  return (
    <div className="mt-3 grid gap-4 rounded-md bg-muted/60 p-4 text-sm">
      {origin ? (
        <dl className="grid gap-x-6 gap-y-1 sm:grid-cols-[max-content_1fr]">
          <Fact name="Source">
            {sourceText(origin.source)}
            {origin.revision ? (
              <code className="ml-2 break-all font-mono text-xs">{origin.revision}</code>
            ) : null}
          </Fact>
          <Fact name="Licence">{origin.licence ?? 'none named'}</Fact>
          <Fact name="Architecture">
            {origin.architecture}, {origin.parameters.toLocaleString('en')} parameters
          </Fact>
          {origin.baseManifestSha256 ? (
            <Fact name="Base">
              <code className="break-all font-mono text-xs">{origin.baseManifestSha256}</code>
            </Fact>
          ) : null}
          <Fact name="Tried with">{origin.sample.prompt}</Fact>
          <Fact
            name={
              origin.sample.score === null ? 'It answered' : `It scored ${origin.sample.score.toFixed(3)}`
            }
          >
            <span className="whitespace-pre-wrap break-words">{origin.sample.response || '(nothing)'}</span>
          </Fact>
        </dl>
      ) : null}
      {mayStart ? <Estimates projectId={projectId} checkpointId={checkpoint.id} /> : null}
    </div>
  );
}

function Estimates({ projectId, checkpointId }: { projectId: string; checkpointId: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.models.estimates.queryOptions({ projectId, checkpointId }));
  if (!data || data.length === 0) return null;
  return (
    <table className="w-full max-w-xl text-left">
      <caption className="pb-1 text-left text-xs text-muted-foreground">
        What a run would take here, with a recipe’s defaults on the newest snapshot
      </caption>
      <thead className="text-xs text-muted-foreground">
        <tr>
          <th scope="col" className="pr-4 font-medium">
            Recipe
          </th>
          <th scope="col" className="pr-4 font-medium">
            Memory
          </th>
          <th scope="col" className="font-medium">
            Time
          </th>
        </tr>
      </thead>
      <tbody>
        {data.map(({ recipe, estimate }) => (
          <tr key={recipe}>
            <th scope="row" className="pr-4 font-normal">
              {recipe}
            </th>
            <td className="pr-4">
              {estimate.memoryBytes === null ? 'after a snapshot' : `${gigabytes(estimate.memoryBytes)} GB`}
              {estimate.memoryBytes !== null && estimate.memoryBytes > estimate.totalBytes ? (
                <strong className="text-destructive"> of {gigabytes(estimate.totalBytes)} here</strong>
              ) : null}
            </td>
            <td title={estimate.basis}>
              {estimate.seconds === null ? '–' : formatDuration(estimate.seconds)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted-foreground">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toLocaleString('en', { maximumFractionDigits: bytes < 1e9 ? 2 : 1 });
}
