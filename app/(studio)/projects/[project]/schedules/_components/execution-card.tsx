import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { formatFigure } from '@/app/(studio)/projects/[project]/runs/_components/format-figure.ts';
import { stepKinds } from '@/server/chains/schemas.ts';
import type { ScheduleItem } from './schedule-item.ts';

type Execution = ScheduleItem['executions'][number];
type Step = Execution['steps'][number];

const LOOK = {
  waiting: { tone: 'neutral', label: 'waiting' },
  running: { tone: 'accent', label: 'running' },
  paused: { tone: 'warning', label: 'paused' },
  done: { tone: 'success', label: 'done' },
  skipped: { tone: 'neutral', label: 'skipped' },
  failed: { tone: 'danger', label: 'failed' },
  cancelled: { tone: 'warning', label: 'cancelled' },
} as const satisfies Record<Step['status'] | Execution['status'], { tone: string; label: string }>;

/** One going through of a chain: where it stands at each step, with links to what came of it, and what may be done about it. */
export function ExecutionCard({
  projectId,
  slug,
  execution,
  mayWrite,
}: {
  projectId: string;
  slug: string;
  execution: Execution;
  mayWrite: boolean;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = () => fetchAnew(queryClient, trpc.schedules.list.queryKey({ projectId }));
  const pause = useMutation(trpc.chains.pause.mutationOptions({ onSettled }));
  const resume = useMutation(trpc.chains.resume.mutationOptions({ onSettled }));
  const cancel = useMutation(trpc.chains.cancel.mutationOptions({ onSettled }));
  const input = { projectId, executionId: execution.id };
  const { status, steps } = execution;
  const isUnderWay = status === 'running' || status === 'paused';
  const isResting = status === 'paused' || status === 'failed' || status === 'cancelled';
  return (
    <section
      id={execution.id}
      aria-label={`Execution ${execution.id}`}
      className="grid scroll-mt-20 gap-2 border-t pt-3 target:bg-primary/8"
    >
      <div className="flex flex-wrap items-center justify-between gap-2">
        <span className="flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-muted-foreground">
          <Badge tone={LOOK[status].tone}>{LOOK[status].label}</Badge>
          <span>
            begun <Time at={execution.createdAt} />, {execution.judgmentCount} judgments
          </span>
        </span>
        {mayWrite ? (
          <span className="flex flex-wrap gap-2">
            {status === 'running' ? (
              <Button
                size="sm"
                variant="outline"
                isBusy={pause.isPending}
                onClick={() => pause.mutate(input)}
              >
                Pause
              </Button>
            ) : null}
            {isResting ? (
              <Button
                size="sm"
                variant="outline"
                isBusy={resume.isPending}
                onClick={() => resume.mutate(input)}
              >
                Resume
              </Button>
            ) : null}
            {isUnderWay ? (
              <Button
                size="sm"
                variant="destructive"
                isBusy={cancel.isPending}
                onClick={() => cancel.mutate(input)}
              >
                Cancel
              </Button>
            ) : null}
          </span>
        ) : null}
      </div>
      <ol className="grid gap-1.5">
        {steps.map((step) => (
          <li key={step.key} className="grid gap-0.5">
            <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Badge tone={LOOK[step.status].tone}>{LOOK[step.status].label}</Badge>
              <StepName step={step} slug={slug} />
              <Figures step={step} />
            </span>
            {step.reason ? (
              <span className={step.status === 'failed' ? 'text-destructive' : 'text-muted-foreground'}>
                {step.reason}
              </span>
            ) : null}
          </li>
        ))}
      </ol>
      <FormError>{execution.error}</FormError>
      <CallError error={pause.error ?? resume.error ?? cancel.error} />
    </section>
  );
}

function StepName({ step, slug }: { step: Step; slug: string }) {
  const link = 'text-primary hover:underline';
  if (step.runId) {
    const progress =
      step.status === 'running' && step.runTotalSteps
        ? ` (step ${formatFigure(step.runStep)} of ${formatFigure(step.runTotalSteps)})`
        : '';
    return (
      <span>
        <Link href={`/projects/${slug}/runs/${step.runId}`} className={link}>
          {step.key}
        </Link>
        {progress}
      </span>
    );
  }
  if (step.snapshotId) {
    return (
      <Link href={`/projects/${slug}/exports`} className={link}>
        {step.key}: snapshot {step.snapshotNumber}
      </Link>
    );
  }
  return (
    <span>
      {step.key}
      {step.kind ? (
        <span className="text-xs text-muted-foreground"> {stepKinds[step.kind].title.toLowerCase()}</span>
      ) : null}
    </span>
  );
}

/** Figures of steps that have no page of their own. */
function Figures({ step }: { step: Step }) {
  if (step.runId || !step.figures) return null;
  return (
    <span className="text-xs text-muted-foreground">
      {Object.entries(step.figures)
        .map(([name, value]) => `${name} ${formatFigure(value)}`)
        .join(', ')}
    </span>
  );
}
