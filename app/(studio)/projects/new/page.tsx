import type { Metadata } from 'next';
import { NotForYou } from '@/app/_ui/not-for-you.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { requireSession } from '@/server/auth/require-session.ts';
import { NewProjectForm } from './_components/new-project-form.tsx';

export const metadata: Metadata = { title: 'New project' };

export default async function NewProjectPage() {
  if (!(await requireSession()).isInstanceOwner) {
    return (
      <NotForYou
        title="Only the owner of this installation makes projects"
        back={{ href: '/', label: 'All projects' }}
      >
        Ask the owner for a project, or for an invitation to one that is there.
      </NotForYou>
    );
  }
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
