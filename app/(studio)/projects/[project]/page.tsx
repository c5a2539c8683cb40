import type { Metadata } from 'next';
import Link from 'next/link';
import { requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { Button } from '@/app/_ui/button.tsx';
import { PageHeader } from '@/app/_ui/page-header.tsx';
import { ActivityCard } from './_components/activity-card.tsx';
import { CountGrid } from './_components/count-grid.tsx';
import { NewestRuns, RewardCard } from './_components/newest-runs.tsx';
import { isAllDone, NextSteps } from './_components/next-steps.tsx';
import { PipelineCard } from './_components/pipeline/pipeline-card.tsx';
import { describeNodes } from './_components/pipeline/pipeline-nodes.ts';

type Props = { params: Promise<{ project: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { project } = await requireProject((await params).project);
  return { title: project.name };
}

export default async function ProjectPage({ params }: Props) {
  const { project, may } = await requireProject((await params).project);
  const caller = await serverCaller();
  const projectId = project.id;
  const [overview, activity, pipeline] = await Promise.all([
    caller.projects.overview({ projectId }),
    may.includes('data.read') ? caller.projects.activity({ projectId }) : null,
    may.includes('runs.read') ? caller.projects.pipeline({ projectId }) : null,
  ]);
  const { slug } = project;
  const hasRuns = pipeline !== null && pipeline.newest.length > 0;
  return (
    <>
      <PageHeader
        title={project.name}
        description={project.description}
        actions={
          may.includes('tasks.label') ? (
            <>
              <Button asChild variant="outline">
                <Link href={`/projects/${slug}/guideline`}>Guideline</Link>
              </Button>
              <Button asChild>
                <Link href={`/label/${slug}`}>Label</Link>
              </Button>
            </>
          ) : null
        }
      />
      <div className="grid min-w-0 gap-6">
        {isAllDone({ slug, may, overview }) ? null : <NextSteps slug={slug} may={may} overview={overview} />}
        {pipeline && overview.project && pipeline.runs.length > 0 ? (
          <PipelineCard nodes={describeNodes(pipeline, { slug, project: overview.project })} />
        ) : null}
        <div className="grid items-start gap-6 lg:grid-cols-2">
          {activity ? <ActivityCard activity={activity} /> : null}
          {pipeline?.reward ? <RewardCard slug={slug} reward={pipeline.reward} /> : null}
          {hasRuns ? <NewestRuns slug={slug} runs={pipeline.newest} /> : null}
          <CountGrid slug={slug} overview={overview} />
        </div>
      </div>
    </>
  );
}
