import type { Metadata } from 'next';
import { orNotFound, requireProject, serverCaller } from '@/app/_trpc/server.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { MarkdownText } from '@/app/_ui/markdown-text.tsx';
import { PromptView } from '@/app/_ui/prompt-view.tsx';
import { Time } from '@/app/_ui/time.tsx';
import {
  DetailHeader,
  Facts,
  Section,
  SplitText,
} from '@/app/(studio)/projects/[project]/_components/detail.tsx';
import { IdLink, PersonLink, TextWithIds } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import { saidText } from '@/app/(studio)/projects/[project]/data/judgments/_components/said-text.ts';
import { formatDuration } from '@/lib/format-duration.ts';

export const metadata: Metadata = { title: 'Judgment' };

const INPUT_KINDS = {
  keyboard: 'keyboard',
  pointer: 'mouse or pen',
  touch: 'touch',
  mixed: 'keyboard and pointer',
  api: 'a program',
} as const;

type Props = { params: Promise<{ project: string; id: string }> };

export default async function JudgmentPage({ params }: Props) {
  const { project: slug, id: judgmentId } = await params;
  const { project, may } = await requireProject(slug);
  if (!may.includes('judgments.read')) return null;
  const caller = await serverCaller();
  const scope = { projectId: project.id, judgmentId };
  const judgment = await orNotFound(caller.judgments.get(scope));
  const { checkpoints } = await caller.models.judgmentLineage(scope);
  const placing = judgment.ranking.map((group) => group.map((id) => judgment.shownOrder.indexOf(id) + 1));
  return (
    <div className="grid gap-5">
      <DetailHeader title={`Judgment: ${saidText({ ...judgment, placing })}`} id={judgmentId} level={2} />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Section title="Who, what, when">
          <Facts
            facts={[
              ['Who', <PersonLink key="who" slug={slug} person={judgment.person} />],
              ['Source', judgment.source],
              ['Task', <IdLink key="task" slug={slug} id={judgment.taskId} />],
              ['Prompt', <IdLink key="prompt" slug={slug} id={judgment.prompt.promptId} />],
              ['Split', <SplitText key="split" split={judgment.prompt.split} />],
              ['Shown at', <Time key="leased" at={judgment.leasedAt} />],
              [
                'First touched',
                judgment.firstInteractionAt && <Time key="first" at={judgment.firstInteractionAt} />,
              ],
              ['Submitted', <Time key="submitted" at={judgment.submittedAt} />],
              ['Active', formatDuration(judgment.activeMs / 1000)],
              [
                'From shown to sent',
                judgment.leasedAt && formatDuration((judgment.submittedAt - judgment.leasedAt) / 1000),
              ],
              ['Given by', INPUT_KINDS[judgment.inputKind]],
              [
                'Guidelines',
                judgment.guidelineVersion === 0 ? 'none' : `version ${judgment.guidelineVersion}`,
              ],
              ['Import', judgment.importId && <IdLink key="import" slug={slug} id={judgment.importId} />],
              ['Reason', judgment.rationale && <span dir="auto">{judgment.rationale}</span>],
            ]}
          />
        </Section>
        <Section title="Where it went">
          <Facts
            facts={[
              [
                'Revisions',
                <ul key="revisions">
                  {judgment.revisions.map((row) => (
                    <li key={row.judgmentId}>
                      {row.judgmentId === judgmentId ? (
                        `${row.revision} (this one)`
                      ) : (
                        <IdLink slug={slug} id={row.judgmentId}>
                          {row.revision}
                        </IdLink>
                      )}
                      , <Time at={row.submittedAt} />
                    </li>
                  ))}
                </ul>,
              ],
              [
                'Snapshots',
                judgment.snapshots.length === 0 ? (
                  'in none'
                ) : (
                  <ul key="snapshots">
                    {judgment.snapshots.map((row) => (
                      <li key={row.snapshotId}>
                        <IdLink slug={slug} id={row.snapshotId}>
                          snapshot {row.number}
                        </IdLink>
                        {row.judgmentId !== judgmentId && ', as another revision'}
                      </li>
                    ))}
                  </ul>
                ),
              ],
              [
                'Models',
                checkpoints.length === 0 ? (
                  'in none'
                ) : (
                  <ul key="models">
                    {checkpoints.map((row) => (
                      <li key={row.id}>
                        <IdLink slug={slug} id={row.run?.id ?? row.id}>
                          {row.modelName}, step {row.step}
                        </IdLink>{' '}
                        ({row.relation})
                      </li>
                    ))}
                  </ul>
                ),
              ],
            ]}
          />
        </Section>
      </div>
      <Section title="Prompt">
        <PromptView messages={judgment.prompt.messages} />
      </Section>
      <ol aria-label="Responses as shown" className="grid gap-4 lg:grid-cols-2">
        {judgment.responses.map((response, index) => {
          const place = judgment.ranking.findIndex((group) => group.includes(response.responseId));
          const flags = judgment.flags[response.responseId] ?? [];
          return (
            <li key={response.responseId} className="min-w-0 rounded-lg border bg-card px-4 py-3">
              <p className="mb-2 flex flex-wrap items-center gap-2">
                <strong>{String.fromCharCode(65 + index)}</strong>
                {place !== -1 && <Badge tone={place === 0 ? 'accent' : 'neutral'}>place {place + 1}</Badge>}
                {flags.map((flag) => (
                  <Badge key={flag} tone="warning">
                    {flag.replaceAll('_', ' ')}
                  </Badge>
                ))}
                <span className="text-muted-foreground text-xs">
                  {response.origin}
                  {response.checkpointId !== null && (
                    <>
                      {' by '}
                      <IdLink slug={slug} id={response.checkpointId} />
                    </>
                  )}
                  {response.model !== null && `, ${response.model}`}
                </span>
              </p>
              <MarkdownText text={response.content} />
              <p className="mt-2">
                <IdLink slug={slug} id={response.responseId} />
              </p>
            </li>
          );
        })}
      </ol>
      {judgment.audit !== null && (
        <Section title="Audit records">
          <p className="mb-3 text-sm text-muted-foreground">
            <a
              className="text-primary underline underline-offset-4 hover:no-underline"
              href={`/api/judgments/${judgmentId}/proof?project=${project.id}`}
              download
            >
              Download the proof
            </a>{' '}
            that this judgment is in the log under a signed head. Whoever holds the installation’s public key
            checks it without the database:{' '}
            <code>npm run verify -- --proof &lt;file&gt; --public-key &lt;file&gt;</code>.
          </p>
          <ol className="grid gap-3">
            {judgment.audit.map((record) => (
              <li key={record.seq} className="grid gap-0.5 text-sm">
                <span>
                  #{record.seq} {record.action}, <Time at={record.at} />
                </span>
                <span className="font-mono text-xs break-all text-muted-foreground">hash {record.hash}</span>
                <span className="font-mono text-xs break-all text-muted-foreground">
                  <TextWithIds slug={slug} text={record.payload} />
                </span>
              </li>
            ))}
          </ol>
        </Section>
      )}
    </div>
  );
}
