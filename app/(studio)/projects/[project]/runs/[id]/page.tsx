import { TRPCError } from '@trpc/server';
import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { cache } from 'react';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { followCursor } from '@/server/runs/schemas.ts';
import { RunView } from './_components/run-view.tsx';

type Props = { params: Promise<{ project: string; id: string }> };

const MAX_POINTS = 4000;

const readRun = cache(async (slug: string, runId: string) => {
  const { project } = await requireProject(slug);
  const caller = await serverCaller();
  try {
    const run = await caller.runs.get({ projectId: project.id, runId });
    if (run.projectId !== project.id) notFound();
    return { caller, projectId: project.id, run };
  } catch (error) {
    if (error instanceof TRPCError && error.code === 'NOT_FOUND') notFound();
    throw error;
  }
});

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { project, id } = await params;
  const { may } = await requireProject(project);
  return { title: may.includes('runs.read') ? (await readRun(project, id)).run.name : 'Run' };
}

export default async function RunPage({ params }: Props) {
  const { project: slug, id: runId } = await params;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('runs.read')) return <NoRight role={role} project={project} needs="runs.read" />;
  const { caller, projectId, run } = await readRun(slug, runId);
  const [metrics, events] = await Promise.all([
    caller.runs.metrics({ projectId, runId, maxPoints: MAX_POINTS }),
    caller.runs.events({ projectId, runId }),
  ]);
  return (
    <RunView
      // another run is another page: nothing of the one before may stay
      key={runId}
      projectId={projectId}
      slug={slug}
      runId={runId}
      initialRun={run}
      initialSeries={metrics.series}
      initialEvents={events}
      lastId={followCursor({ metricId: metrics.lastId, eventId: events.at(-1)?.id ?? 0 })}
    />
  );
}
