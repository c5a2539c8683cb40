import type { ReactNode } from 'react';
import { requireProject } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { DataNav } from './_components/data-nav.tsx';

type Props = { children: ReactNode; params: Promise<{ project: string }> };

export default async function DataLayout({ children, params }: Props) {
  const { project, role, may } = await requireProject((await params).project);
  if (!may.includes('data.read')) return <NoRight role={role} project={project} needs="data.read" />;
  return (
    <>
      <PageHeader
        title="Data"
        description="What was imported, the prompts with their responses, the tasks that annotators are asked, and what they answered."
      />
      <DataNav slug={project.slug} />
      <div className="pt-5">{children}</div>
    </>
  );
}
