import { Badge } from '@/app/_ui/badge.tsx';
import { MarkdownText } from '@/app/_ui/markdown-text.tsx';
import { EraseText } from '@/app/(studio)/projects/[project]/_components/erase-dialog.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import type { PromptDetail } from '@/server/prompts/schemas.ts';

/** The responses of a prompt and where each came from. */
export function PromptResponses({
  slug,
  responses,
  erasableIn = null,
}: {
  slug: string;
  responses: PromptDetail['responses'];
  /** the project, for who may erase one */
  erasableIn?: string | null;
}) {
  return (
    <ul className="grid gap-3">
      {responses.map((response) => (
        <li
          key={response.responseId}
          id={response.responseId}
          className="scroll-mt-20 rounded-md border px-3 py-2 target:border-primary target:ring-2 target:ring-primary/30"
        >
          <p className="mb-1 flex flex-wrap items-center gap-2">
            <Badge>{response.origin}</Badge>
            {response.checkpointId !== null && <IdLink slug={slug} id={response.checkpointId} />}
            {response.model !== null && <Badge tone="accent">{response.model}</Badge>}
            {response.sampling !== null && (
              <span className="text-muted-foreground text-xs">
                {Object.entries(response.sampling)
                  .map(
                    ([setting, value]) =>
                      `${setting} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
                  )
                  .join(', ')}
              </span>
            )}
          </p>
          <MarkdownText text={response.content} />
          <p className="mt-2">
            <IdLink slug={slug} id={response.responseId} />
          </p>
          {erasableIn !== null && response.erasedAt === null && (
            <div className="mt-2">
              <EraseText
                projectId={erasableIn}
                kind="response"
                subjectId={response.responseId}
                button="Erase response"
                title="Erase this response?"
              >
                <p>
                  Its text goes for good, and with it every snapshot and export that holds it and the reasons
                  that people gave in the tasks with it. Those judgments stay without them, and later
                  snapshots leave them out.
                </p>
              </EraseText>
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}
