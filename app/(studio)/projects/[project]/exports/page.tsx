import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { exportFormats } from '@/server/snapshots/formats/formats.ts';
import { CreateSnapshot } from './_components/create-snapshot.tsx';
import type { FormatName } from './_components/format-name.ts';
import { MakingList } from './_components/making-list.tsx';
import { SnapshotList } from './_components/snapshot-list.tsx';

export const metadata: Metadata = { title: 'Snapshots & exports' };

const FORMATS = Object.entries(exportFormats).map(([name, { title, caption }]) => ({
  name,
  title,
  caption,
})) as FormatName[];

export default async function ExportsPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, role, may } = await requireProject((await params).project);
  if (!may.includes('snapshots.export'))
    return <NoRight role={role} project={project} needs="snapshots.export" />;
  return (
    <>
      <PageHeader
        title="Snapshots & exports"
        description="A snapshot freezes a selection of judgments under a number. Models train on snapshots, and exports are written from them: the same snapshot gives the same bytes."
      />
      <div className="grid gap-6">
        {may.includes('snapshots.create') && <CreateSnapshot projectId={project.id} />}
        <MakingList projectId={project.id} />
        <SnapshotList
          projectId={project.id}
          slug={project.slug}
          formats={FORMATS}
          mayCreate={may.includes('snapshots.create')}
        />
      </div>
    </>
  );
}
