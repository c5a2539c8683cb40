import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { MAX_COMPARED } from '@/server/runs/schemas.ts';
import { CompareView } from './_components/compare-view.tsx';

export const metadata: Metadata = { title: 'Compare runs' };

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ runs?: string | string[] }> };

export default async function CompareRunsPage({ params, searchParams }: Props) {
  const { project: slug } = await params;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('runs.read')) return <NoRight role={role} project={project} needs="runs.read" />;
  const { runs } = await searchParams;
  const ids = (typeof runs === 'string' ? runs.split(',') : []).filter((id) => id !== '');
  return (
    <>
      <PageHeader
        title="Compare runs"
        description="Results with their intervals, curves over one another, and where the configs differ. Differences are from the first run."
      />
      <CompareView projectId={project.id} slug={slug} asked={[...new Set(ids)].slice(0, MAX_COMPARED)} />
    </>
  );
}
