import { redirect } from 'next/navigation';
import { requireProject } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { pathOf } from '@/app/(studio)/projects/[project]/_components/require-known.server.ts';

/** Leads to the page of whatever an id names: for ids that do not say by themselves what they belong to. */
export default async function IdPage({ params }: { params: Promise<{ project: string; id: string }> }) {
  const { project: slug, id } = await params;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('runs.read')) return <NoRight role={role} project={project} needs="data.read" />;
  redirect(`/projects/${slug}${await pathOf({ projectId: project.id, id })}`);
}
