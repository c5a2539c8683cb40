import type { Metadata } from 'next';
import Link from 'next/link';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { GuidelineEditor } from './_components/guideline-editor.tsx';

export const metadata: Metadata = { title: 'Guideline' };

/** What everybody who judges goes by, to be read at leisure; who may write has the editor here too. */
export default async function GuidelinePage({ params }: { params: Promise<{ project: string }> }) {
  const { project, may } = await requireProject((await params).project);
  const guidelines = await (await serverCaller()).projects.guidelines({ projectId: project.id });
  const { askStrength, requireRationale } = project.settings;
  return (
    <>
      <PageHeader
        title="Guideline"
        description={[
          askStrength ? 'Pairs are asked how much better one answer is.' : '',
          requireRationale
            ? 'A reason is asked for with every judgment.'
            : 'A reason may be given with any judgment.',
        ].join(' ')}
        actions={
          may.includes('tasks.label') ? (
            <Button asChild>
              <Link href={`/label/${project.slug}`}>Label</Link>
            </Button>
          ) : null
        }
      />
      <div className="max-w-4xl">
        <GuidelineEditor
          projectId={project.id}
          versions={guidelines}
          mayWrite={may.includes('guidelines.write')}
        />
      </div>
    </>
  );
}
