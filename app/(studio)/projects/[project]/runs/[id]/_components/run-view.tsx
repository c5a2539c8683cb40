'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useSearchParams } from 'next/navigation';
import { useMemo, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { CheckField, FormError } from '@/app/_ui/field.tsx';
import { Checkbox } from '@/app/_ui/input.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { Tabs, TabsContent, TabsList, TabsTrigger } from '@/app/_ui/tabs.tsx';
import { CurveGrid } from '@/app/(studio)/projects/[project]/runs/_components/curves/curve-grid.tsx';
import type { Series } from '@/app/(studio)/projects/[project]/runs/_components/curves/curve-view.ts';
import type { CurveRun } from '@/app/(studio)/projects/[project]/runs/_components/curves/drawn-curves.ts';
import { RunProgress } from '@/app/(studio)/projects/[project]/runs/_components/runs-table.tsx';
import { StatusBadge } from '@/app/(studio)/projects/[project]/runs/_components/status-badge.tsx';
import { ConfigYaml } from '@/app/(studio)/projects/[project]/runs/new/_components/config-yaml.tsx';
import { FINISHED_STATUSES } from '@/server/runs/schemas.ts';
import { EditRun } from './edit-run.tsx';
import { EventsList, SelfChecks } from './events-list.tsx';
import { LostCheckpoints } from './lost-checkpoints.tsx';
import { ResultCard } from './result-card.tsx';
import { LineageCard, MachineCard, type RunDetails, SummaryCard } from './run-facts.tsx';
import { SamplesTable } from './samples-table.tsx';
import { type RunEvent, useRunUpdates } from './use-run-updates.ts';

const MAX_POINTS = 4000;

const TABS = {
  curves: 'Curves',
  samples: 'Samples',
  facts: 'Result and origin',
  config: 'Config',
  events: 'Events',
} as const;
type Tab = keyof typeof TABS;

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
  const [isApartShown, setIsApartShown] = useState(false);
  const [tab, setTab] = useTab();
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
  const apart = useQuery({
    ...trpc.runs.metrics.queryOptions({ projectId, runId, maxPoints: MAX_POINTS, apart: true }),
    enabled: isApartShown,
  });
  const apartSeries = isApartShown ? (apart.data?.series ?? null) : null;
  const drawn = useMemo(
    (): CurveRun[] => [
      { name: null, series, color: null, dash: 0 },
      ...(apartSeries === null
        ? []
        : [{ name: 'before it began anew', series: apartSeries, color: null, dash: 1 }]),
    ],
    [series, apartSeries],
  );
  const recipes = useMemo(() => [run.recipe], [run.recipe]);
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
            {(run.tags ?? []).map((tag) => (
              <Link key={tag} href={`/projects/${slug}/runs?tag=${encodeURIComponent(tag)}`}>
                <Badge>{tag}</Badge>
              </Link>
            ))}
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
        actions={
          <>
            {run.mayCancel ? <EditRun projectId={projectId} run={run} /> : null}
            <RunActions projectId={projectId} run={run} status={current.status} />
          </>
        }
      />
      {run.headline === null ? null : <ResultCard headline={run.headline} />}
      <div className="mb-5 grid gap-3">
        {run.notes === null ? null : (
          <p dir="auto" className="max-w-prose text-sm whitespace-pre-wrap">
            {run.notes}
          </p>
        )}
        {run.status === 'succeeded' ? null : <RunProgress run={current} />}
        {error ? <FormError>{error}</FormError> : null}
        {run.hasLostCheckpoints && current.status === 'paused' ? (
          <LostCheckpoints projectId={projectId} run={run} />
        ) : null}
      </div>
      <Tabs value={tab} onValueChange={setTab}>
        <TabsList aria-label="Parts of this run">
          {Object.entries(TABS).map(([value, label]) => (
            <TabsTrigger key={value} value={value}>
              {label}
            </TabsTrigger>
          ))}
        </TabsList>
        <TabsContent value="curves">
          <div className="mb-3 flex flex-wrap items-center gap-2">
            <Button asChild variant="outline" size="sm">
              <Link href={`/projects/${slug}/runs/compare?runs=${runId}`}>Compare with other runs</Link>
            </Button>
            <Button asChild variant="outline" size="sm">
              <a href={`/api/runs/${runId}/metrics`} download>
                Metrics as CSV
              </a>
            </Button>
            {events.some(({ type }) => type === 'begun-anew') ? (
              <CheckField label="Also what was logged before it began anew">
                <Checkbox
                  checked={isApartShown}
                  onChange={(event) => setIsApartShown(event.target.checked)}
                />
              </CheckField>
            ) : null}
          </div>
          <CurveGrid
            recipes={recipes}
            runs={drawn}
            figuresHref={figuresHref}
            empty={
              current.status === 'queued'
                ? 'The run waits for the worker. Curves appear with its first step.'
                : isEnded(current.status)
                  ? 'This run ended before its first step.'
                  : 'The run is loading its data. Curves appear with its first step.'
            }
          />
        </TabsContent>
        <TabsContent value="samples">
          <SamplesTable projectId={projectId} runId={runId} figuresHref={figuresHref} />
        </TabsContent>
        <TabsContent value="facts" className="grid items-start gap-4 lg:grid-cols-2">
          {run.summary && Object.keys(run.summary).length > 0 ? (
            <SummaryCard recipe={run.recipe} summary={run.summary} />
          ) : null}
          <LineageCard run={run} slug={slug} />
          <MachineCard run={run} backend={live?.backend ?? run.backend} device={live?.device ?? run.device} />
          <SelfChecks events={events} />
        </TabsContent>
        <TabsContent value="config">
          <ConfigYaml config={run.config} title="Config" />
        </TabsContent>
        <TabsContent value="events">
          <EventsList events={events} />
        </TabsContent>
      </Tabs>
    </>
  );
}

/** The tab that is open, kept in the address, so that a link shows the same. */
function useTab(): [Tab, (tab: string) => void] {
  const asked = useSearchParams().get('tab');
  const [tab, setTab] = useState<Tab>(isTab(asked) ? asked : 'curves');
  return [
    tab,
    (next) => {
      if (!isTab(next)) return;
      setTab(next);
      const address = new URL(window.location.href);
      address.searchParams.set('tab', next);
      window.history.replaceState(null, '', address);
    },
  ];
}

function isTab(text: string | null): text is Tab {
  return text !== null && Object.hasOwn(TABS, text);
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
      <CallError error={pause.error ?? cancel.error ?? resume.error} />
    </div>
  );
}

function isEnded(status: string): boolean {
  return (FINISHED_STATUSES as readonly string[]).includes(status);
}
