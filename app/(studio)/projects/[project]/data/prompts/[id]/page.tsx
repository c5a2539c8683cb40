import type { Metadata } from 'next';
import { orNotFound, requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { PromptView } from '@/app/_ui/prompt-view.tsx';
import { Time } from '@/app/_ui/time.tsx';
import {
  DetailHeader,
  Facts,
  Section,
  SplitText,
} from '@/app/(studio)/projects/[project]/_components/detail.tsx';
import { EraseText } from '@/app/(studio)/projects/[project]/_components/erase-dialog.tsx';
import { ErasureNotes } from '@/app/(studio)/projects/[project]/_components/erasure-notes.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import { PromptDetails } from '@/app/(studio)/projects/[project]/data/prompts/_components/prompt-details.tsx';
import { PromptResponses } from '@/app/(studio)/projects/[project]/data/prompts/_components/prompt-responses.tsx';

export const metadata: Metadata = { title: 'Prompt' };

type Props = { params: Promise<{ project: string; id: string }> };

export default async function PromptPage({ params }: Props) {
  const { project: slug, id: promptId } = await params;
  const { project, may } = await requireProject(slug);
  if (!may.includes('data.read')) return null;
  const caller = await serverCaller();
  const prompt = await orNotFound(caller.prompts.get({ projectId: project.id, promptId }));
  const erasures = await caller.erasures.list({ projectId: project.id, subjectId: promptId });
  const mayErase = may.includes('data.erase') && prompt.erasedAt === null && erasures.length === 0;
  return (
    <div className="grid gap-5">
      <DetailHeader title="Prompt" id={promptId} level={2} />
      <ErasureNotes erasures={erasures} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section title="Where it comes from">
          <Facts
            facts={[
              ['Split', <SplitText key="split" split={prompt.split} />],
              ['Came', <Time key="made" at={prompt.createdAt} />],
              ['Import', prompt.importId && <IdLink key="import" slug={slug} id={prompt.importId} />],
              [
                'sha256',
                <code key="hash" className="break-all text-xs">
                  {prompt.contentHash}
                </code>,
              ],
            ]}
          />
          <PromptDetails prompt={prompt} />
        </Section>
        <Section title="Tasks">
          {prompt.taskIds.length === 0 && <p className="text-muted-foreground text-sm">None.</p>}
          <ul className="grid gap-1 text-sm">
            {prompt.taskIds.map((id) => (
              <li key={id}>
                <IdLink slug={slug} id={id} />
              </li>
            ))}
          </ul>
        </Section>
      </div>
      <Section title="Conversation">
        <PromptView messages={prompt.messages} />
      </Section>
      <Section title={prompt.responses.length === 0 ? 'No responses yet' : 'Responses'}>
        <PromptResponses slug={slug} responses={prompt.responses} erasableIn={mayErase ? project.id : null} />
      </Section>
      {mayErase && (
        <div>
          <EraseText
            projectId={project.id}
            kind="prompt"
            subjectId={promptId}
            button="Erase prompt"
            title="Erase this prompt and its responses?"
          >
            <p>
              Text, hashes and what came with its row go for good, and with them its responses, the reasons
              that people gave about them, every snapshot and export that holds it, and quotes in logs and
              samples.
            </p>
            <p>
              Judgments stay without their texts, and later snapshots leave them out. Models that were trained
              on it stay as they are. Its unanswered tasks are asked no more.
            </p>
          </EraseText>
        </div>
      )}
    </div>
  );
}
