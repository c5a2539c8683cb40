import { dehydrate, HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import Link from 'next/link';
import { requireProject, serverQueryClient, serverTrpc } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { RunsTable } from './_components/runs-table.tsx';

export const metadata: Metadata = { title: 'Runs' };

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ tag?: string | string[] }> };

export default async function RunsPage({ params, searchParams }: Props) {
  const { tag: asked } = await searchParams;
  const tag = typeof asked === 'string' ? asked.slice(0, 40) : '';
  const { project: slug } = await params;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('runs.read')) return <NoRight role={role} project={project} needs="runs.read" />;
  const queryClient = serverQueryClient();
  await queryClient.prefetchInfiniteQuery(
    serverTrpc.runs.list.infiniteQueryOptions(
      { projectId: project.id, ...(tag === '' ? {} : { tag }) },
      { getNextPageParam: (page) => page.nextCursor },
    ),
  );
  const mayStart = may.includes('runs.start');
  return (
    <>
      <PageHeader
        title="Runs"
        description="Every execution of a recipe, with its resolved config, curves, samples and checkpoints."
        actions={
          mayStart ? (
            <Button asChild>
              <Link href={`/projects/${slug}/runs/new`}>New run</Link>
            </Button>
          ) : null
        }
      />
      <HydrationBoundary state={dehydrate(queryClient)}>
        <RunsTable projectId={project.id} slug={slug} mayStart={mayStart} tag={tag} />
      </HydrationBoundary>
    </>
  );
}
