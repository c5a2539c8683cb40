import type { Metadata } from 'next';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { ArchiveCard } from './_components/archive-card.tsx';
import { GuidelineEditor } from './_components/guideline-editor.tsx';
import { SettingsForm } from './_components/settings-form.tsx';

export const metadata: Metadata = { title: 'Settings' };

export default async function SettingsPage({ params }: { params: Promise<{ project: string }> }) {
  const { project, may } = await requireProject((await params).project);
  const guidelines = await (await serverCaller()).projects.guidelines({ projectId: project.id });
  const mayUpdate = may.includes('project.update');
  return (
    <>
      <PageHeader title="Settings" description={mayUpdate ? undefined : 'Only owners change the settings.'} />
      <div className="grid items-start gap-6 xl:grid-cols-2">
        <SettingsForm
          projectId={project.id}
          name={project.name}
          description={project.description}
          settings={project.settings}
          mayUpdate={mayUpdate}
        />
        <GuidelineEditor
          projectId={project.id}
          versions={guidelines}
          mayWrite={may.includes('guidelines.write')}
        />
        {may.includes('project.archive') && project.archivedAt === null && (
          <ArchiveCard projectId={project.id} name={project.name} />
        )}
      </div>
    </>
  );
}
