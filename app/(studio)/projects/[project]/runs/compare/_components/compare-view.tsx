'use client';

import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import { GitCompareIcon, XIcon } from 'lucide-react';
import Link from 'next/link';
import { useMemo, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { CurveGrid } from '@/app/(studio)/projects/[project]/runs/_components/curves/curve-grid.tsx';
import {
  type CurveRun,
  lookOf,
} from '@/app/(studio)/projects/[project]/runs/_components/curves/drawn-curves.ts';
import { MAX_COMPARED } from '@/server/runs/schemas.ts';
import { ConfigTable, FiguresTable, ResultsTable } from './compare-tables.tsx';
import { RunPicker } from './run-picker.tsx';

const MAX_POINTS = 1000;

/** Any number of runs side by side; which ones is kept in the address. */
export function CompareView({
  projectId,
  slug,
  asked,
}: {
  projectId: string;
  slug: string;
  asked: readonly string[];
}) {
  const trpc = useTRPC();
  const [ids, setIds] = useState(asked);
  const change = (next: readonly string[]) => {
    setIds(next);
    const address = new URL(window.location.href);
    address.search = next.length === 0 ? '' : `?runs=${next.join(',')}`;
    window.history.replaceState(null, '', address);
  };
  const compared = useQuery({
    ...trpc.runs.compare.queryOptions({ projectId, runIds: [...ids] }),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
  });
  const runs = ids.length === 0 ? [] : (compared.data?.runs ?? []);
  const seriesOf = useQueries({
    queries: ids.map((runId) => trpc.runs.metrics.queryOptions({ projectId, runId, maxPoints: MAX_POINTS })),
    combine: (results) => results.map(({ data }) => data?.series ?? null),
  });
  const drawn = useMemo(
    () =>
      runs.flatMap((run): CurveRun[] => {
        const place = ids.indexOf(run.id);
        const series = seriesOf[place];
        return series ? [{ name: run.name, series, ...lookOf(place) }] : [];
      }),
    [runs, ids, seriesOf],
  );
  const recipes = useMemo(() => [...new Set(runs.map(({ recipe }) => recipe))], [runs]);
  return (
    <div className="grid min-w-0 gap-5">
      <div className="flex flex-wrap items-center gap-2">
        {runs
          .filter(({ id }) => ids.includes(id))
          .map((run) => (
            <span
              key={run.id}
              className="inline-flex max-w-full items-center gap-1.5 rounded-md border bg-card py-0.5 pr-0.5 pl-2 text-sm"
            >
              <RunMark index={ids.indexOf(run.id)} />
              <Link href={`/projects/${slug}/runs/${run.id}`} className="truncate hover:underline">
                {run.name}
              </Link>
              <Button
                variant="ghost"
                size="sm"
                aria-label={`Leave out ${run.name}`}
                onClick={() => change(ids.filter((id) => id !== run.id))}
              >
                <XIcon aria-hidden />
              </Button>
            </span>
          ))}
        {ids.length < MAX_COMPARED ? (
          <RunPicker projectId={projectId} taken={ids} onPick={(id) => change([...ids, id])} />
        ) : null}
      </div>
      <CallError error={compared.error} />
      {ids.length === 0 ? (
        <EmptyState icon={GitCompareIcon} title="Nothing to compare yet">
          Add runs here, or choose them in the list of runs.
        </EmptyState>
      ) : compared.data ? (
        <>
          <ResultsTable slug={slug} data={compared.data} />
          <CurveGrid
            recipes={recipes}
            runs={drawn}
            figuresHref={`/projects/${slug}/runs/metrics`}
            empty="None of these runs has logged anything yet."
          />
          <ConfigTable data={compared.data} />
          <FiguresTable data={compared.data} />
        </>
      ) : (
        <p className="text-sm text-muted-foreground">Reading the runs …</p>
      )}
    </div>
  );
}

/** The line that a run is drawn with. */
function RunMark({ index }: { index: number }) {
  const { color, dash } = lookOf(index);
  return (
    <svg viewBox="0 0 18 4" className="h-1 w-4.5 shrink-0" aria-hidden>
      <line
        x1="0"
        x2="18"
        y1="2"
        y2="2"
        strokeWidth="3"
        strokeDasharray={dash === 0 ? undefined : dash === 1 ? '6 3' : '2 2'}
        style={{ stroke: `var(${color})` }}
      />
    </svg>
  );
}
