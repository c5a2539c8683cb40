'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { RunProgress } from '@/app/(studio)/projects/[project]/runs/_components/runs-table.tsx';
import { StatusBadge } from '@/app/(studio)/projects/[project]/runs/_components/status-badge.tsx';
import { ConfigYaml } from '@/app/(studio)/projects/[project]/runs/new/_components/config-yaml.tsx';
import { FINISHED_STATUSES } from '@/server/runs/schemas.ts';
import { chartsOf } from './chart-definitions.ts';
import { CompareCard } from './compare-card.tsx';
import { CurveChart } from './curve-chart.tsx';
import { EventsList, SelfChecks } from './events-list.tsx';
import { LostCheckpoints } from './lost-checkpoints.tsx';
import { LineageCard, MachineCard, type RunDetails, SummaryCard } from './run-facts.tsx';
import { SamplesTable } from './samples-table.tsx';
import { type RunEvent, type Series, useRunUpdates } from './use-run-updates.ts';

const MAX_POINTS = 4000;
/** chosen for comparison: what was set apart when this run began anew; no run has this id */
const APART = 'apart';

/** A run, live: status, curves, samples, events, config, lineage. */
export function RunView({
  projectId,
  slug,
  runId,
  initialRun,
  initialSeries,
  initialEvents,
  lastId,
}: {
  projectId: string;
  slug: string;
  runId: string;
  initialRun: RunDetails;
  initialSeries: Series;
  initialEvents: RunEvent[];
  lastId: string;
}) {
  const trpc = useTRPC();
  const { data: run } = useQuery(
    trpc.runs.get.queryOptions({ projectId, runId }, { initialData: initialRun }),
  );
  const [otherId, setOtherId] = useState('');
  const {
    series,
    events,
    run: live,
    connection,
  } = useRunUpdates({
    projectId,
    runId,
    initial: { series: initialSeries, events: initialEvents },
    lastId,
    isLive: !isEnded(run.status),
  });
  const runs = useQuery(trpc.runs.list.queryOptions({ projectId, limit: 100 }));
  const others = (runs.data?.items ?? []).filter((item) => item.id !== runId && item.recipe === run.recipe);
  const other = useQuery({
    ...trpc.runs.metrics.queryOptions({
      projectId,
      runId: otherId === APART ? runId : otherId,
      maxPoints: MAX_POINTS,
      apart: otherId === APART,
    }),
    enabled: otherId !== '',
  });
  const otherSeries = otherId === '' ? null : (other.data?.series ?? null);
  const charts = useMemo(
    () =>
      chartsOf(run.recipe).filter((chart) =>
        chart.series.some(({ name }) => series[name]?.length || otherSeries?.[name]?.length),
      ),
    [run.recipe, series, otherSeries],
  );
  const current = {
    status: live && !isEnded(run.status) ? live.status : run.status,
    step: live?.step ?? run.step,
    totalSteps: live?.totalSteps ?? run.totalSteps,
    phase: live ? live.phase : run.phase,
    remainingSeconds: live ? live.remainingSeconds : run.remainingSeconds,
  };
  const error = live?.error ?? run.error;
  const figuresHref = `/projects/${slug}/runs/metrics`;

  return (
    <>
      <PageHeader
        title={run.name}
        description={
          <span className="flex flex-wrap items-center gap-2">
            <StatusBadge status={current.status} />
            <span>{run.recipe}</span>
            {(run.snapshot?.bySource.simulated ?? 0) > 0 ? (
              <Badge tone="warning">simulated annotators</Badge>
            ) : null}
            {connection === 'ended' ? null : (
              <span className="text-xs" aria-live="polite">
                {connection === 'live' ? 'live' : 'connecting …'}
              </span>
            )}
          </span>
        }
        actions={<RunActions projectId={projectId} run={run} status={current.status} />}
      />
      <div className="mb-5 grid gap-3">
        <RunProgress run={current} />
        {error ? <FormError>{error}</FormError> : null}
        {run.hasLostCheckpoints && current.status === 'paused' ? (
          <LostCheckpoints projectId={projectId} run={run} />
        ) : null}
      </div>
      <div className="grid items-start gap-5 2xl:grid-cols-[minmax(0,1fr)_24rem]">
        <div className="grid min-w-0 gap-5">
          <section aria-label="Curves" className="grid min-w-0 gap-3">
            <div className="flex flex-wrap items-center justify-between gap-3">
              <h2 className="text-base font-semibold">Curves</h2>
              <Select
                aria-label="Compare with another run"
                className="w-64"
                value={otherId}
                onChange={(event) => setOtherId(event.target.value)}
              >
                <option value="">Compare with …</option>
                {events.some(({ type }) => type === 'begun-anew') ? (
                  <option value={APART}>this run before it began anew</option>
                ) : null}
                {others.map((item) => (
                  <option key={item.id} value={item.id}>
                    {item.name}
                  </option>
                ))}
              </Select>
            </div>
            <p className="text-xs text-muted-foreground">
              Drag to pan, wheel or two fingers to zoom, double click to reset.
            </p>
            {charts.length === 0 ? (
              <p className="rounded-lg border border-dashed p-8 text-center text-sm text-muted-foreground">
                {current.status === 'queued'
                  ? 'The run waits for the worker. Curves appear with its first step.'
                  : isEnded(current.status)
                    ? 'This run ended before its first step.'
                    : 'The run is loading its data. Curves appear with its first step.'}
              </p>
            ) : (
              <div className="grid min-w-0 gap-4 md:grid-cols-2">
                {charts.map((chart) => (
                  <CurveChart
                    key={chart.title}
                    definition={chart}
                    figuresHref={figuresHref}
                    series={series}
                    other={otherSeries}
                    otherName={
                      otherId === APART
                        ? 'before it began anew'
                        : (others.find((item) => item.id === otherId)?.name ?? null)
                    }
                  />
                ))}
              </div>
            )}
          </section>
          {otherId === '' || otherId === APART ? null : (
            <CompareCard projectId={projectId} runId={runId} otherRunId={otherId} />
          )}
          <SamplesTable projectId={projectId} runId={runId} figuresHref={figuresHref} />
        </div>
        <div className="grid min-w-0 items-start gap-4 md:grid-cols-2 2xl:grid-cols-1">
          {run.summary && Object.keys(run.summary).length > 0 ? (
            <SummaryCard recipe={run.recipe} summary={run.summary} />
          ) : null}
          <LineageCard run={run} slug={slug} />
          <MachineCard run={run} backend={live?.backend ?? run.backend} device={live?.device ?? run.device} />
          <SelfChecks events={events} />
          <EventsList events={events} />
          <ConfigYaml config={run.config} title="Config" />
        </div>
      </div>
    </>
  );
}

function RunActions({
  projectId,
  run,
  status,
}: {
  projectId: string;
  run: RunDetails;
  status: RunDetails['status'];
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = () => fetchAnew(queryClient, trpc.runs.get.queryKey({ projectId, runId: run.id }));
  const cancel = useMutation(trpc.runs.cancel.mutationOptions({ onSettled }));
  const pause = useMutation(trpc.runs.pause.mutationOptions({ onSettled }));
  const resume = useMutation(trpc.runs.resume.mutationOptions({ onSettled }));
  const isWorking = status === 'queued' || status === 'running';
  const isStopping = run.job?.cancelRequestedAt != null && !isEnded(status);
  const isPausing = run.job?.pauseRequestedAt != null && isWorking;
  if (!run.mayCancel) return null;
  return (
    <div className="grid justify-items-end gap-2">
      <div className="flex flex-wrap justify-end gap-2">
        {isWorking && !isStopping ? (
          <Button
            variant="outline"
            isBusy={pause.isPending || isPausing}
            onClick={() => pause.mutate({ projectId, runId: run.id })}
          >
            {isPausing ? 'Pausing after this step …' : 'Pause run'}
          </Button>
        ) : null}
        {status === 'paused' || status === 'cancelled' || status === 'failed' ? (
          <Button
            variant="outline"
            isBusy={resume.isPending}
            onClick={() => resume.mutate({ projectId, runId: run.id })}
          >
            {status === 'paused' ? 'Resume run' : 'Resume from last checkpoint'}
          </Button>
        ) : null}
        {isEnded(status) ? null : (
          <Button
            variant="destructive"
            isBusy={cancel.isPending || isStopping}
            onClick={() => cancel.mutate({ projectId, runId: run.id })}
          >
            {isStopping ? 'Writing a checkpoint …' : 'Cancel run'}
          </Button>
        )}
      </div>
      <FormError>{(pause.error ?? cancel.error ?? resume.error)?.message}</FormError>
    </div>
  );
}

function isEnded(status: string): boolean {
  return (FINISHED_STATUSES as readonly string[]).includes(status);
}
