import type { Metadata } from 'next';
import { requireProject } from '@/app/_trpc/server.ts';
import { NoRight } from '@/app/_ui/no-right.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { ArchiveCard } from './_components/archive-card.tsx';
import { SettingsFacts } from './_components/settings-facts.tsx';
import { SettingsForm } from './_components/settings-form.tsx';

export const metadata: Metadata = { title: 'Settings' };

export default async function SettingsPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, role, may } = await requireProject((await params).project);
  if (!may.includes('data.read')) return <NoRight role={role} project={project} needs="data.read" />;
  const mayUpdate = may.includes('project.update');
  return (
    <>
      <PageHeader
        title="Settings"
        description={mayUpdate ? undefined : 'Owners of the project change them.'}
      />
      <div className="grid max-w-3xl gap-6">
        {mayUpdate ? (
          <SettingsForm
            projectId={project.id}
            name={project.name}
            description={project.description}
            settings={project.settings}
          />
        ) : (
          <SettingsFacts settings={project.settings} />
        )}
        {may.includes('project.archive') && project.archivedAt === null && (
          <ArchiveCard projectId={project.id} name={project.name} />
        )}
      </div>
    </>
  );
}
