'use client';

import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { MarkdownText } from '@/app/_ui/markdown-text.tsx';
import { PromptView } from '@/app/_ui/prompt-view.tsx';
import { SidePanel } from '@/app/_ui/side-panel.tsx';
import { PromptDetails } from './prompt-details.tsx';

/** A prompt in full with its responses and where they came from. */
export function PromptPanel({
  projectId,
  promptId,
  onClose,
}: {
  projectId: string;
  promptId: string | null;
  onClose: () => void;
}) {
  const trpc = useTRPC();
  const prompt = useQuery({
    ...trpc.prompts.get.queryOptions({ projectId, promptId: promptId ?? '' }),
    enabled: promptId !== null,
  });
  return (
    <SidePanel
      isOpen={promptId !== null}
      onClose={onClose}
      title="Prompt"
      description={prompt.data?.split === 'heldout' ? 'Held out: never trained on.' : 'In the training part.'}
    >
      {prompt.isError && <FormError>{prompt.error.message}</FormError>}
      {prompt.data !== undefined && (
        <>
          <PromptView messages={prompt.data.messages} />
          <PromptDetails prompt={prompt.data} />
          <h3 className="mt-6 mb-2 font-semibold text-sm">
            {prompt.data.responses.length === 0 ? 'No responses yet' : 'Responses'}
          </h3>
          <ul className="grid gap-3">
            {prompt.data.responses.map((response) => (
              <li key={response.responseId} className="rounded-md border px-3 py-2">
                <p className="mb-1 flex flex-wrap gap-2">
                  <Badge>{response.origin}</Badge>
                  {response.checkpointId !== null && <Badge tone="accent">{response.checkpointId}</Badge>}
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
              </li>
            ))}
          </ul>
        </>
      )}
    </SidePanel>
  );
}
