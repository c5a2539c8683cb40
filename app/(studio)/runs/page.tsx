import { dehydrate, HydrationBoundary } from '@tanstack/react-query';
import type { Metadata } from 'next';
import Link from 'next/link';
import { redirect } from 'next/navigation';
import { requireProject, serverQueryClient, serverTrpc } from '../../_trpc/server.ts';
import { Button } from '../../_ui/button.tsx';
import { PageHeader } from '../../_ui/page-header.tsx';
import { RunsTable } from './_components/runs-table.tsx';

export const metadata: Metadata = { title: 'Runs' };

type Props = { searchParams: Promise<{ project?: string }> };

export default async function RunsPage({ searchParams }: Props) {
  const { project: slug } = await searchParams;
  if (!slug) redirect('/');
  const { project, may } = await requireProject(slug);
  const queryClient = serverQueryClient();
  await queryClient.prefetchInfiniteQuery(
    serverTrpc.runs.list.infiniteQueryOptions(
      { projectId: project.id },
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
              <Link href={`/runs/new?project=${slug}`}>New run</Link>
            </Button>
          ) : null
        }
      />
      <HydrationBoundary state={dehydrate(queryClient)}>
        <RunsTable projectId={project.id} slug={slug} mayStart={mayStart} />
      </HydrationBoundary>
    </>
  );
}
