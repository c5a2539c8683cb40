import type { Metadata } from 'next';
import Link from 'next/link';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { TryView } from './_components/try-view.tsx';

export const metadata: Metadata = { title: 'Try a prompt' };

type Props = {
  params: Promise<{ project: string }>;
  searchParams: Promise<{ checkpoint?: string | string[] }>;
};

export default async function TryPage({ params, searchParams }: Props) {
  const { project, role, may } = await requireProject((await params).project);
  if (!may.includes('tasks.create')) return <NoRight role={role} project={project} needs="tasks.create" />;
  const models = await (await serverCaller()).models.list({ projectId: project.id });
  const { checkpoint } = await searchParams;
  const choices = models.flatMap((model) =>
    model.checkpoints.map(({ id, step, run }) => ({
      ...{ id, kind: model.kind, isCurrent: id === model.currentCheckpointId },
      name: `${model.name}, ${run === null ? 'as it came' : `step ${step.toLocaleString('en-US')}`}`,
    })),
  );
  return (
    <>
      <PageHeader
        title="Try a prompt"
        description="One prompt, several checkpoints side by side; reward models score the answers. You alone see it, and it is forgotten after a day: nothing becomes data."
        actions={
          <Button asChild variant="outline">
            <Link href={`/projects/${project.slug}/models`}>All models</Link>
          </Button>
        }
      />
      {choices.length === 0 ? (
        <EmptyState title="No model yet">Add a model first, or train one.</EmptyState>
      ) : (
        <TryView
          projectId={project.id}
          choices={choices}
          asked={typeof checkpoint === 'string' ? checkpoint : null}
        />
      )}
    </>
  );
}
