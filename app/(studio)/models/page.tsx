import { dehydrate, HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { requireProject, serverQueryClient, serverTrpc } from '../../_trpc/server.ts';
import { PageHeader } from '../../_ui/page-header.tsx';
import { ModelsView } from './_components/models-view.tsx';

export const metadata: Metadata = { title: 'Models' };

type Props = { searchParams: Promise<{ project?: string }> };

export default async function ModelsPage({ searchParams }: Props) {
  const { project: slug } = await searchParams;
  if (!slug) redirect('/');
  const { project, may } = await requireProject(slug);
  const queryClient = serverQueryClient();
  await queryClient.prefetchQuery(serverTrpc.models.list.queryOptions({ projectId: project.id }));
  return (
    <>
      <PageHeader
        title="Models"
        description="Every checkpoint with its hash, what it was trained from and on, and what came of it."
      />
      <HydrationBoundary state={dehydrate(queryClient)}>
        <ModelsView
          projectId={project.id}
          slug={slug}
          mayRegister={may.includes('models.register')}
          mayGenerate={may.includes('tasks.create')}
        />
      </HydrationBoundary>
    </>
  );
}
