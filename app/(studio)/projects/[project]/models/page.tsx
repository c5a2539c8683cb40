import { dehydrate, HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import { requireProject, serverQueryClient, serverTrpc } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { ModelsView } from './_components/models-view.tsx';

export const metadata: Metadata = { title: 'Models' };

type Props = { params: Promise<{ project: string }> };

export default async function ModelsPage({ params }: Props) {
  const { project: slug } = await params;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('models.read')) return <NoRight role={role} project={project} needs="models.read" />;
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
          mayDownload={may.includes('models.download')}
          mayStart={may.includes('runs.start')}
        />
      </HydrationBoundary>
    </>
  );
}
