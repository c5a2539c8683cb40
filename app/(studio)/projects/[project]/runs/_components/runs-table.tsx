'use client';

import { useInfiniteQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { PlayIcon } from 'lucide-react';
import Link from 'next/link';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card } from '@/app/_ui/card.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatDuration } from '@/lib/format-duration.ts';
import type { AppRouter } from '@/server/root.ts';
import { definitionOf } from '@/trainer/config/recipes.ts';
import { PHASES, type Phase } from '@/trainer/events.ts';
import { formatFigure } from './format-figure.ts';
import { StatusBadge } from './status-badge.tsx';

/** Runs of a project, newest first; looks again every two seconds while one is on its way. */
export function RunsTable({
  projectId,
  slug,
  mayStart,
}: {
  projectId: string;
  slug: string;
  mayStart: boolean;
}) {
  const trpc = useTRPC();
  const runs = useInfiniteQuery(
    trpc.runs.list.infiniteQueryOptions(
      { projectId },
      {
        getNextPageParam: (page) => page.nextCursor,
        refetchInterval: (query) => {
          const items = query.state.data?.pages.flatMap((page) => page.items) ?? [];
          return items.some(({ status }) => status === 'queued' || status === 'running') ? 2000 : 15_000;
        },
      },
    ),
  );
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  if (runs.error) return <FormError>{runs.error.message}</FormError>;
  if (runs.isPending) return <p className="text-sm text-muted-foreground">Reading the runs …</p>;
  if (items.length === 0) {
    return (
      <EmptyState
        icon={PlayIcon}
        title="No run yet"
        action={
          mayStart ? (
            <Button asChild>
              <Link href={`/projects/${slug}/runs/new`}>Start a run</Link>
            </Button>
          ) : null
        }
      >
        A reward run fits a model to the judgments of a snapshot; a PPO run improves a language model against
        it.
      </EmptyState>
    );
  }
  return (
    <Card>
      <Table aria-label="Runs">
        <TableHeader>
          <tr>
            <TableHead>Run</TableHead>
            <TableHead>Recipe</TableHead>
            <TableHead>Status</TableHead>
            <TableHead className="min-w-36">Progress</TableHead>
            <TableHead>Result</TableHead>
            <TableHead>Started</TableHead>
          </tr>
        </TableHeader>
        <TableBody>
          {items.map((run) => (
            <TableRow key={run.id}>
              <TableCell className="max-w-72">
                <Link
                  href={`/projects/${slug}/runs/${run.id}`}
                  className="font-medium text-primary hover:underline"
                >
                  {run.name}
                </Link>
                {run.snapshotNumber === null ? null : (
                  <span className="block text-xs text-muted-foreground">Snapshot {run.snapshotNumber}</span>
                )}
              </TableCell>
              <TableCell>
                {run.recipe}
                {run.backend === null ? null : (
                  <span className="block text-xs text-muted-foreground">on {run.backend}</span>
                )}
              </TableCell>
              <TableCell>
                <StatusBadge status={run.status} />
              </TableCell>
              <TableCell>
                <RunProgress run={run} />
              </TableCell>
              <TableCell className="text-muted-foreground">
                <Headline run={run} />
              </TableCell>
              <TableCell className="text-muted-foreground">
                <Time at={run.startedAt ?? run.createdAt} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {runs.hasNextPage ? (
        <div className="border-t p-3 text-center">
          <Button
            variant="outline"
            size="sm"
            isBusy={runs.isFetchingNextPage}
            onClick={() => runs.fetchNextPage()}
          >
            Older runs
          </Button>
        </div>
      ) : null}
    </Card>
  );
}

type RunItem = inferRouterOutputs<AppRouter>['runs']['list']['items'][number];

type RunProgressFacts = {
  step: number;
  totalSteps: number | null;
  status: string;
  /** what it is at before its next step */
  phase: { phase: Phase; done: number; total: number; remainingSeconds: number } | null;
  remainingSeconds: number | null;
};

export function RunProgress({ run }: { run: RunProgressFacts }) {
  if (run.totalSteps === null) return <span className="text-muted-foreground">–</span>;
  if (run.phase !== null) {
    const { phase, done, total, remainingSeconds } = run.phase;
    return (
      <div className="grid gap-1">
        <span className="text-xs text-muted-foreground">
          {PHASES[phase]}: {formatFigure(done)} of {formatFigure(total)}, {formatDuration(remainingSeconds)}{' '}
          left
        </span>
        <Progress value={done} max={total} label={`${PHASES[phase]}: ${done} of ${total}`} />
      </div>
    );
  }
  return (
    <div className="grid gap-1">
      <span className="text-xs whitespace-nowrap text-muted-foreground">
        {formatFigure(run.step)} of {formatFigure(run.totalSteps)} steps
        {run.remainingSeconds === null ? '' : `, ${formatDuration(run.remainingSeconds)} left`}
      </span>
      {run.status === 'running' || run.status === 'queued' ? (
        <Progress value={run.step} max={run.totalSteps} label={`Step ${run.step} of ${run.totalSteps}`} />
      ) : null}
    </div>
  );
}

function Headline({ run }: { run: Pick<RunItem, 'recipe' | 'summary' | 'error'> }) {
  const { summary, error } = run;
  if (error !== null) return <span className="line-clamp-2 text-destructive">{error}</span>;
  const headline = definitionOf(run.recipe).headlines.find(({ name }) => summary?.[name] !== undefined);
  if (!headline || !summary) return '–';
  const { name, label, interval, before } = headline;
  const [low, high] = [interval && summary[interval.low], interval && summary[interval.high]];
  return (
    <span>
      {label} <span className="text-foreground">{formatFigure(summary[name])}</span>
      {low === undefined || high === undefined ? '' : ` (${formatFigure(low)} to ${formatFigure(high)})`}
      {before === undefined ? '' : ` from ${formatFigure(summary[before])}`}
    </span>
  );
}
