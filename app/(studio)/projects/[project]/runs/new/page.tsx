import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { NewRunForm } from './_components/new-run-form.tsx';

export const metadata: Metadata = { title: 'New run' };

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ recipe?: string }> };

export default async function NewRunPage({ params, searchParams }: Props) {
  const { project: slug } = await params;
  const { recipe } = await searchParams;
  const { project, may } = await requireProject(slug);
  if (!may.includes('runs.start')) notFound();
  const caller = await serverCaller();
  const [models, snapshots] = await Promise.all([
    caller.models.list({ projectId: project.id }),
    caller.snapshots.list({ projectId: project.id }),
  ]);
  return (
    <>
      <PageHeader
        title="New run"
        description="The config is checked here by the same schema that the trainer uses, and kept with the run."
      />
      <NewRunForm
        projectId={project.id}
        slug={slug}
        initialRecipe={recipe ?? 'reward'}
        models={models}
        snapshots={snapshots}
      />
    </>
  );
}
