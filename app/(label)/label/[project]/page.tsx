import type { Metadata } from 'next';
import Link from 'next/link';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { LabelApp } from './_components/label-app.tsx';

export const metadata: Metadata = { title: 'Label' };

export default async function LabelPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, role, may, session } = await requireProject((await params).project);
  if (!may.includes('tasks.label')) {
    return (
      <div className="m-auto max-w-lg p-6">
        <h1 className="sr-only">Label</h1>
        <EmptyState
          title={`Your role here is ${role}, which does not label`}
          action={
            <Button asChild>
              <Link href={`/projects/${project.slug}`}>Back to {project.name}</Link>
            </Button>
          }
        >
          Owners, researchers and annotators judge responses. Ask an owner of the project if you should be one
          of them.
        </EmptyState>
      </div>
    );
  }
  const [guideline = null] = await (await serverCaller()).projects.guidelines({ projectId: project.id });
  return (
    <LabelApp
      project={{ id: project.id, slug: project.slug, name: project.name }}
      userId={session.userId}
      guideline={guideline}
    />
  );
}
