import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { requireSession } from '@/server/auth/require-session.ts';
import { NewProjectForm } from './_components/new-project-form.tsx';

export const metadata: Metadata = { title: 'New project' };

export default async function NewProjectPage() {
  if (!(await requireSession()).isInstanceOwner) notFound();
  return (
    <div className="max-w-xl">
      <PageHeader
        title="New project"
        description="Settings and guideline start with sensible defaults; both can be changed later."
      />
      <NewProjectForm />
    </div>
  );
}
