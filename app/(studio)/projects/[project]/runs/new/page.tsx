import type { Metadata } from 'next';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { RECIPES } from '@/trainer/config/recipes.ts';
import { NewRunForm } from './_components/new-run-form.tsx';

export const metadata: Metadata = { title: 'New run' };

/** what most people who have judgments want first */
const DEFAULT_RECIPE = 'reward';

type Props = { params: Promise<{ project: string }>; searchParams: Promise<{ recipe?: string }> };

export default async function NewRunPage({ params, searchParams }: Props) {
  const { project: slug } = await params;
  const { recipe } = await searchParams;
  const { project, role, may } = await requireProject(slug);
  if (!may.includes('runs.start')) return <NoRight role={role} project={project} needs="runs.start" />;
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
        initialRecipe={RECIPES.find((name) => name === recipe) ?? DEFAULT_RECIPE}
        models={models}
        snapshots={snapshots}
      />
    </>
  );
}
