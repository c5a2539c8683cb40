import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { CompareView } from './_components/compare-view.tsx';

export const metadata: Metadata = { title: 'Compare snapshots' };

export default async function ComparePage({
  params,
  searchParams,
}: {
  params: Promise<{ project: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { project, role, may } = await requireProject((await params).project);
  if (!may.includes('snapshots.export'))
    return <NoRight role={role} project={project} needs="snapshots.export" />;
  const { first, other } = await searchParams;
  const idOf = (value: string | string[] | undefined) => (typeof value === 'string' ? value : null);
  return (
    <>
      <PageHeader
        title="Compare snapshots"
        description="Which judgments two snapshots share, and why the others are in one of them alone: what the other’s own query says of them."
      />
      <CompareView projectId={project.id} slug={project.slug} first={idOf(first)} other={idOf(other)} />
    </>
  );
}
