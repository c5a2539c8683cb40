import type { ReactNode } from 'react';
import { requireProject } from '@/app/_trpc/server.ts';
import { Time } from '@/app/_ui/time.tsx';
import { BringBackButton } from '@/app/(studio)/_components/bring-back-button.tsx';
import { requireKnown } from './_components/require-known.server.ts';

/** Strangers, and who asks for what is not there, get a real 404 here, before anything is sent; the pages below stream. */
export default async function ProjectLayout({
  children,
  params,
}: {
  children: ReactNode;
  params: Promise<{ project: string }>;
}) {
  const { project, may } = await requireProject((await params).project);
  // who may not see the page is told so by it, whether there is such a thing or not
  if (may.includes('runs.read')) await requireKnown({ projectId: project.id, slug: project.slug });
  if (project.archivedAt === null) return children;
  return (
    <>
      <p
        role="note"
        className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-warning/40 bg-card px-4 py-3 text-sm"
      >
        <span>
          This project is archived: it is read only
          {project.deleteAt !== null && (
            <>
              , and deleted with its files after <Time at={project.deleteAt} />
            </>
          )}
          .
        </span>
        {may.includes('project.archive') && <BringBackButton projectId={project.id} name={project.name} />}
      </p>
      {children}
    </>
  );
}
