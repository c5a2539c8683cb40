import type { Metadata } from 'next';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { LabelApp } from './_components/label-app.tsx';

export const metadata: Metadata = { title: 'Label' };

export default async function LabelPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, role, may, session } = await requireProject((await params).project);
  if (!may.includes('tasks.label')) return <NoRight role={role} project={project} needs="tasks.label" />;
  const [guideline = null] = await (await serverCaller()).projects.guidelines({ projectId: project.id });
  return (
    <LabelApp
      project={{ id: project.id, slug: project.slug, name: project.name }}
      userId={session.userId}
      guideline={guideline}
    />
  );
}
