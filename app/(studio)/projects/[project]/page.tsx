import { requireProject, serverCaller } from '../../../_trpc/server.ts';
import { PageHeader } from '../../../_ui/page-header.tsx';

export default async function ProjectPage({ params }: { params: Promise<{ project: string }> }) {
  const { project } = await requireProject((await params).project);
  const overview = await (await serverCaller()).projects.overview({ projectId: project.id });
  return (
    <>
      <PageHeader title={project.name} description={project.description} />
      <p>{overview.mine.judgments} judgments</p>
    </>
  );
}
