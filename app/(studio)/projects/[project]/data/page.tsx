import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { ImportList } from './_components/import-list.tsx';
import { UploadForm } from './_components/upload-form.tsx';

export const metadata: Metadata = { title: 'Imports' };

export default async function ImportsPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, may } = await requireProject((await params).project);
  if (!may.includes('data.read')) return null;
  return (
    <div className="grid gap-6">
      {may.includes('data.import') && <UploadForm projectId={project.id} />}
      <ImportList projectId={project.id} slug={project.slug} />
    </div>
  );
}
