'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import type { RunDetails } from './run-facts.tsx';

/** The question of a run that has nothing to go on from. */
export function LostCheckpoints({ projectId, run }: { projectId: string; run: RunDetails }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = () => fetchAnew(queryClient, trpc.runs.get.queryKey({ projectId, runId: run.id }));
  const resume = useMutation(trpc.runs.resume.mutationOptions({ onSettled }));
  const cancel = useMutation(trpc.runs.cancel.mutationOptions({ onSettled }));
  const runId = run.id;
  const error = resume.error ?? cancel.error;
  return (
    <section
      aria-labelledby="lost-checkpoints"
      className="grid gap-3 rounded-md border border-warning/50 bg-warning/8 px-4 py-3 text-sm"
    >
      <h2 id="lost-checkpoints" className="font-semibold">
        The checkpoints of this run are gone or damaged
      </h2>
      <p>
        It had come to step {formatFigure(run.step)}. Put them back into its folder and resume it, let it
        begin anew at step 0, or stop it. What it has logged so far is kept apart in any case.
      </p>
      {run.mayCancel ? (
        <div className="flex flex-wrap gap-2">
          <Button
            variant="outline"
            isBusy={resume.isPending}
            onClick={() => resume.mutate({ projectId, runId, anew: true })}
          >
            Begin anew at step 0
          </Button>
          <Button
            variant="destructive"
            isBusy={cancel.isPending}
            onClick={() => cancel.mutate({ projectId, runId })}
          >
            Stop the run
          </Button>
        </div>
      ) : null}
      <CallError error={error} />
    </section>
  );
}
