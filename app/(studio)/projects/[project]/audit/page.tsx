import type { Metadata } from 'next';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { AuditTable } from './_components/audit-table.tsx';
import { VerifyButton } from './_components/verify-button.tsx';

export const metadata: Metadata = { title: 'Audit' };

export default async function AuditPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, role, may } = await requireProject((await params).project);
  if (!may.includes('audit.read')) return <NoRight role={role} project={project} needs="audit.read" />;
  const newest = await (await serverCaller()).audit.list({ projectId: project.id });
  return (
    <>
      <PageHeader
        title="Audit log"
        description="Every change, in the order it happened. Each record carries the hash of the one before it."
      />
      <div className="grid grid-cols-1 gap-6">
        <VerifyButton projectId={project.id} />
        <AuditTable projectId={project.id} slug={project.slug} newest={newest} />
      </div>
    </>
  );
}
