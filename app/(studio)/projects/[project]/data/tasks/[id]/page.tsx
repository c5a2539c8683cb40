import type { Metadata } from 'next';
import { orNotFound, requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { MarkdownText } from '@/app/_ui/markdown-text.tsx';
import { PromptView } from '@/app/_ui/prompt-view.tsx';
import { Time } from '@/app/_ui/time.tsx';
import {
  DetailHeader,
  Facts,
  Section,
  SplitText,
} from '@/app/(studio)/projects/[project]/_components/detail.tsx';
import { IdLink, PersonLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';

export const metadata: Metadata = { title: 'Task' };

type Props = { params: Promise<{ project: string; id: string }> };

export default async function TaskPage({ params }: Props) {
  const { project: slug, id: taskId } = await params;
  const { project, may } = await requireProject(slug);
  if (!may.includes('data.read')) return null;
  const task = await orNotFound((await serverCaller()).tasks.get({ projectId: project.id, taskId }));
  return (
    <div className="grid gap-5">
      <DetailHeader title="Task" id={taskId} level={2} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section title="What is asked">
          <Facts
            facts={[
              ['Prompt', <IdLink key="prompt" slug={slug} id={task.prompt.promptId} />],
              ['Split', <SplitText key="split" split={task.prompt.split} />],
              ['Kind', task.kind],
              [
                'People',
                task.overlap === 0 ? 'nobody is asked: it came with imported answers' : task.overlap,
              ],
              ['Priority', task.priority],
              ['Made', <Time key="made" at={task.createdAt} />],
            ]}
          />
        </Section>
        <Section title="Seats">
          {task.seats.length === 0 && <p className="text-muted-foreground text-sm">None.</p>}
          <ul className="grid gap-1 text-sm">
            {task.seats.map((seat) => (
              <li key={seat.seatId}>
                {seat.state === 'done' ? 'judged' : seat.state === 'leased' ? 'held' : 'open'}
                {seat.person !== null && (
                  <>
                    {' by '}
                    <PersonLink slug={slug} person={seat.person} />
                  </>
                )}
                {seat.leaseExpiresAt !== null && (
                  <>
                    {' until '}
                    <Time at={seat.leaseExpiresAt} />
                  </>
                )}
              </li>
            ))}
          </ul>
          {task.skips.length > 0 && (
            <ul className="mt-3 grid gap-1 text-sm" aria-label="Skipped by">
              {task.skips.map((skip) => (
                <li key={skip.person.userId}>
                  skipped by <PersonLink slug={slug} person={skip.person} />, <Time at={skip.at} />
                  {skip.reason !== '' && (
                    <>
                      : <bdi>{skip.reason}</bdi>
                    </>
                  )}
                </li>
              ))}
            </ul>
          )}
        </Section>
      </div>
      <Section title="Judgments">
        {task.judgments.length === 0 && <p className="text-muted-foreground text-sm">None yet.</p>}
        <ul className="grid gap-1 text-sm">
          {task.judgments.map((judgment) => (
            <li key={judgment.judgmentId}>
              <IdLink slug={slug} id={judgment.judgmentId} /> by{' '}
              <PersonLink slug={slug} person={judgment.person} />, revision {judgment.revision},{' '}
              <Time at={judgment.submittedAt} />
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Prompt">
        <PromptView messages={task.prompt.messages} />
      </Section>
      <ol aria-label="Responses" className="grid gap-4 lg:grid-cols-2">
        {task.responses.map((response) => (
          <li key={response.responseId} className="min-w-0 rounded-lg border bg-card px-4 py-3">
            <MarkdownText text={response.content} />
            <p className="mt-2">
              <IdLink slug={slug} id={response.responseId} />
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}
