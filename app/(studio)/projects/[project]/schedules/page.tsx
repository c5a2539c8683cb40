import { dehydrate, HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import { requireProject, serverCaller, serverQueryClient, serverTrpc } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { SchedulesView } from './_components/schedules-view.tsx';

export const metadata: Metadata = { title: 'Schedules' };

type Props = { params: Promise<{ project: string }> };

export default async function SchedulesPage({ params }: Props) {
  const { project: slug } = await params;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('runs.read')) return <NoRight role={role} project={project} needs="runs.read" />;
  const queryClient = serverQueryClient();
  await queryClient.prefetchQuery(serverTrpc.schedules.list.queryOptions({ projectId: project.id }));
  const caller = await serverCaller();
  const [models, snapshots] = await Promise.all([
    caller.models.list({ projectId: project.id }),
    caller.snapshots.list({ projectId: project.id }),
  ]);
  return (
    <>
      <PageHeader
        title="Schedules"
        description="After so many new judgments, or at a set time, a list of steps: freeze a snapshot, train, evaluate, generate, each on conditions."
      />
      <HydrationBoundary state={dehydrate(queryClient)}>
        <SchedulesView
          projectId={project.id}
          slug={slug}
          mayWrite={may.includes('schedules.write')}
          choices={{ models, snapshots }}
        />
      </HydrationBoundary>
    </>
  );
}
