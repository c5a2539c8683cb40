import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { MakeTasks } from './_components/make-tasks.tsx';
import { TaskFigures } from './_components/task-figures.tsx';
import { TaskTable } from './_components/task-table.tsx';

export const metadata: Metadata = { title: 'Tasks' };

export default async function TasksPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, may } = await requireProject((await params).project);
  if (!may.includes('data.read')) return null;
  return (
    <div className="grid gap-6">
      <TaskFigures projectId={project.id} />
      {may.includes('tasks.create') && (
        <MakeTasks projectId={project.id} defaultOverlap={project.settings.overlap} />
      )}
      <TaskTable projectId={project.id} slug={project.slug} mayMake={may.includes('tasks.create')} />
    </div>
  );
}
