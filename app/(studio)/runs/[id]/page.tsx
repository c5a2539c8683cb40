import { TRPCError } from '@trpc/server';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { requireSession } from '@/server/auth/require-session.ts';
import { followCursor } from '@/server/runs/schemas.ts';
import { serverCaller } from '../../../_trpc/server.ts';
import { RunView } from './_components/run-view.tsx';

type Props = { params: Promise<{ id: string }> };

const MAX_POINTS = 4000;

const readRun = cache(async (runId: string) => {
  await requireSession();
  const caller = await serverCaller();
  try {
    const { projectId } = await caller.runs.locate({ runId });
    return { caller, projectId, run: await caller.runs.get({ projectId, runId }) };
  } catch (error) {
    if (error instanceof TRPCError && (error.code === 'NOT_FOUND' || error.code === 'FORBIDDEN')) notFound();
    throw error;
  }
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { run } = await readRun((await params).id);
  return { title: run.name };
}

export default async function RunPage({ params }: Props) {
  const { id: runId } = await params;
  const { caller, projectId, run } = await readRun(runId);
  const [metrics, events] = await Promise.all([
    caller.runs.metrics({ projectId, runId, maxPoints: MAX_POINTS }),
    caller.runs.events({ projectId, runId }),
  ]);
  return (
    <RunView
      // another run is another page: nothing of the one before may stay
      key={runId}
      projectId={projectId}
      runId={runId}
      initialRun={run}
      initialSeries={metrics.series}
      initialEvents={events}
      lastId={followCursor({ metricId: metrics.lastId, eventId: events.at(-1)?.id ?? 0 })}
    />
  );
}
