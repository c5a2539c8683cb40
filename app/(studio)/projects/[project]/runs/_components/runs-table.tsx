'use client';

import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { PlayIcon, SearchIcon, StickyNoteIcon } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card } from '@/app/_ui/card.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { Checkbox } from '@/app/_ui/input.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { ShowMore } from '@/app/_ui/show-more.tsx';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@/app/_ui/table.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatDuration } from '@/lib/format-duration.ts';
import type { AppRouter } from '@/server/root.ts';
import { MAX_COMPARED } from '@/server/runs/schemas.ts';
import { PHASES, type Phase } from '@/trainer/events.ts';
import { formatFigure } from './format-figure.ts';
import { HeadlineLine } from './headline-figure.tsx';
import { useSettled } from './run-search.tsx';
import { NO_FILTER, type RunsFilter, RunsFilterBar } from './runs-filter.tsx';
import { StatusBadge } from './status-badge.tsx';

/** Runs of a project, searched and sorted on the server, a page at a time; looks again every two seconds while one is on its way. */
export function RunsTable({
  projectId,
  slug,
  mayStart,
  tag,
}: {
  projectId: string;
  slug: string;
  mayStart: boolean;
  /** that the address asks for */
  tag: string;
}) {
  const trpc = useTRPC();
  const [filter, setFilter] = useState<RunsFilter>({ ...NO_FILTER, tag });
  const settled = useSettled(filter);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const runs = useInfiniteQuery({
    ...trpc.runs.list.infiniteQueryOptions(
      { projectId, ...inputOf(settled) },
      {
        getNextPageParam: (page) => page.nextCursor,
        refetchInterval: (query) => {
          const items = query.state.data?.pages.flatMap((page) => page.items) ?? [];
          return items.some(({ status }) => status === 'queued' || status === 'running') ? 2000 : 15_000;
        },
      },
    ),
    placeholderData: keepPreviousData,
  });
  const items = runs.data?.pages.flatMap((page) => page.items) ?? [];
  const lookedAt = runs.data?.pages.reduce((sum, page) => sum + page.lookedAt, 0) ?? 0;
  const isFiltered = JSON.stringify(inputOf(settled)) !== '{}';
  if (runs.isPending) return <p className="text-sm text-muted-foreground">Reading the runs …</p>;
  if (items.length === 0 && !isFiltered && !runs.error) {
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
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <>
      <RunsFilterBar filter={filter} onChange={setFilter} />
      <CallError error={runs.error} />
      {chosen.length > 0 ? (
        <div className="sticky top-15 z-20 mb-3 flex flex-wrap items-center gap-2 rounded-md border bg-card px-3 py-2 text-sm lg:top-2">
          <span aria-live="polite">{chosen.length} chosen</span>
          <Button asChild size="sm" aria-disabled={chosen.length < 2}>
            <Link href={`/projects/${slug}/runs/compare?runs=${chosen.join(',')}`}>Compare</Link>
          </Button>
          <Button variant="ghost" size="sm" onClick={() => setChosen([])}>
            Clear
          </Button>
          {chosen.length >= MAX_COMPARED ? (
            <span className="text-muted-foreground">{MAX_COMPARED} at most can be compared.</span>
          ) : null}
        </div>
      ) : null}
      {items.length === 0 ? (
        <EmptyState icon={SearchIcon} title="No run found">
          {runs.hasNextPage
            ? `None of the ${formatFigure(lookedAt)} runs looked at so far has what you ask for.`
            : 'No run of this project has what you ask for.'}
        </EmptyState>
      ) : (
        <Card>
          <Table aria-label="Runs">
            <TableHeader>
              <tr>
                <TableHead className="w-8">
                  <span className="sr-only">Compare</span>
                </TableHead>
                <TableHead>Run</TableHead>
                <TableHead>Recipe</TableHead>
                <TableHead>Status</TableHead>
                <TableHead>Result</TableHead>
                <TableHead className="min-w-36">Progress</TableHead>
                <TableHead>Started</TableHead>
              </tr>
            </TableHeader>
            <TableBody>
              {items.map((run) => (
                <TableRow key={run.id}>
                  <TableCell>
                    <Checkbox
                      aria-label={`Compare ${run.name}`}
                      checked={chosen.includes(run.id)}
                      disabled={!chosen.includes(run.id) && chosen.length >= MAX_COMPARED}
                      onChange={() => toggle(run.id)}
                    />
                  </TableCell>
                  <TableCell className="max-w-80 min-w-44">
                    <Link
                      href={`/projects/${slug}/runs/${run.id}`}
                      className="font-medium text-primary hover:underline"
                    >
                      {run.name}
                    </Link>
                    {run.hasNotes ? (
                      <StickyNoteIcon
                        className="ml-1.5 inline size-3.5 text-muted-foreground"
                        aria-label="has notes"
                      />
                    ) : null}
                    {run.tags.length > 0 ? (
                      <span className="mt-0.5 flex flex-wrap gap-1">
                        {run.tags.map((name) => (
                          <button
                            key={name}
                            type="button"
                            title="Runs with this tag"
                            onClick={() => setFilter({ ...filter, tag: name })}
                          >
                            <Badge>{name}</Badge>
                          </button>
                        ))}
                      </span>
                    ) : null}
                    <span className="block text-xs text-muted-foreground sm:hidden">
                      <Result run={run} />
                    </span>
                    {run.snapshotName === null ? null : (
                      <span className="block text-xs text-muted-foreground">{run.snapshotName}</span>
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
                  <TableCell className="min-w-44 text-muted-foreground">
                    <Result run={run} />
                  </TableCell>
                  <TableCell>
                    <RunProgress run={run} />
                  </TableCell>
                  <TableCell className="text-muted-foreground">
                    <Time at={run.startedAt ?? run.createdAt} />
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Card>
      )}
      {runs.hasNextPage ? (
        <div className="mt-3 grid justify-items-center gap-1.5">
          <ShowMore pages={runs} label={isFiltered ? 'Look further' : 'More runs'} className="" />
          {isFiltered ? (
            <p className="text-xs text-muted-foreground">{formatFigure(lookedAt)} runs looked at so far.</p>
          ) : null}
        </div>
      ) : null}
    </>
  );
}

/** What is asked of the server: nothing where nothing is chosen, so that the page's first list is the one it came with. */
function inputOf({ search, recipe, status, tag, sort }: RunsFilter) {
  return {
    ...(search.trim() === '' ? {} : { search: search.trim() }),
    ...(recipe === '' ? {} : { recipe }),
    ...(status === '' ? {} : { status }),
    ...(tag.trim() === '' ? {} : { tag: tag.trim() }),
    ...(sort === 'newest' ? {} : { sort }),
  };
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

function Result({ run }: { run: Pick<RunItem, 'headline' | 'error'> }) {
  if (run.error !== null) return <span className="line-clamp-2 text-destructive">{run.error}</span>;
  return run.headline === null ? '–' : <HeadlineLine headline={run.headline} />;
}
