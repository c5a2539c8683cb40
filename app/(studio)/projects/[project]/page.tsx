import type { Metadata } from 'next';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { CountGrid } from './_components/count-grid.tsx';
import { NextSteps } from './_components/next-steps.tsx';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { project } = await requireProject((await params).project);
  return { title: project.name };
}

export default async function ProjectPage({ params }: Props) {
  const { project, may } = await requireProject((await params).project);
  const overview = await (await serverCaller()).projects.overview({ projectId: project.id });
  return (
    <>
      <PageHeader title={project.name} description={project.description} />
      <div className="grid items-start gap-6 xl:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <NextSteps slug={project.slug} may={may} overview={overview} />
        <CountGrid slug={project.slug} overview={overview} />
      </div>
    </>
  );
}
