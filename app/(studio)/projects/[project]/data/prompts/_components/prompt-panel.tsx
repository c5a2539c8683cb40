'use client';

import { useQuery } from '@tanstack/react-query';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { PromptView } from '@/app/_ui/prompt-view.tsx';
import { SidePanel } from '@/app/_ui/side-panel.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import { PromptDetails } from './prompt-details.tsx';
import { PromptResponses } from './prompt-responses.tsx';

/** A prompt in full with its responses and where they came from. */
export function PromptPanel({
  projectId,
  slug,
  promptId,
  onClose,
}: {
  projectId: string;
  slug: string;
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
      <CallError error={prompt.error} />
      {prompt.data !== undefined && (
        <>
          <p className="mb-3">
            <IdLink slug={slug} id={prompt.data.promptId}>
              Open its page
            </IdLink>
          </p>
          <PromptView messages={prompt.data.messages} />
          <PromptDetails prompt={prompt.data} />
          <h3 className="mt-6 mb-2 font-semibold text-sm">
            {prompt.data.responses.length === 0 ? 'No responses yet' : 'Responses'}
          </h3>
          <PromptResponses slug={slug} responses={prompt.data.responses} />
        </>
      )}
    </SidePanel>
  );
}
