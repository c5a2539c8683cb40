import { CircleCheckIcon, CircleDashedIcon } from 'lucide-react';
import Link from 'next/link';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { cn } from '@/app/_ui/cn.ts';
import type { Permission } from '@/server/permissions.ts';
import type { Overview } from '@/server/projects/overview.ts';

type Step = {
  label: string;
  detail: string;
  isDone: boolean;
  /** once done it stays so; what can always be done again keeps nobody from being through */
  isForGood: boolean;
  href: string;
  action: string;
  needs: Permission;
};

/** Whether somebody with these rights has been through all of it: the list leaves then. */
export function isAllDone({
  slug,
  may,
  overview,
}: {
  slug: string;
  may: readonly Permission[];
  overview: Overview;
}): boolean {
  const steps = stepsOf(slug, overview).filter(({ needs }) => may.includes(needs));
  return steps.every(({ isDone, isForGood }) => isDone || !isForGood);
}

/** The way from an empty project to a trained model: what is done, and the first thing that is not. */
export function NextSteps({
  slug,
  may,
  overview,
}: {
  slug: string;
  may: readonly Permission[];
  overview: Overview;
}) {
  const steps = stepsOf(slug, overview).filter(({ needs }) => may.includes(needs));
  const next = steps.find(({ isDone, isForGood }) => isForGood && !isDone);
  return (
    <Card aria-labelledby="next-steps">
      <CardHeader>
        <CardTitle id="next-steps">What to do next</CardTitle>
      </CardHeader>
      <ol>
        {steps.map((step) => (
          <li key={step.label} className="flex flex-wrap items-center gap-x-3 gap-y-2 border-t px-4 py-3">
            {step.isDone ? (
              <CircleCheckIcon className="size-4 shrink-0 text-success" aria-hidden />
            ) : (
              <CircleDashedIcon className="size-4 shrink-0 text-muted-foreground" aria-hidden />
            )}
            <div className="min-w-48 flex-1">
              <p className={cn('font-medium', step.isDone && 'text-muted-foreground')}>
                {step.label}
                <span className="sr-only">{step.isDone ? ' (done)' : ' (to do)'}</span>
              </p>
              <p className="text-sm text-muted-foreground">{step.detail}</p>
            </div>
            <Button asChild size="sm" variant={step === next ? 'primary' : 'outline'}>
              <Link href={step.href}>{step.action}</Link>
            </Button>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function stepsOf(slug: string, { project, seats, mine }: Overview): Step[] {
  const number = (n: number) => n.toLocaleString('en-US');
  const judged = project ? project.judgments.annotator + project.judgments.simulated : mine.judgments;
  return [
    {
      label: 'Import prompts or comparisons',
      detail: 'HH-RLHF, TRL preference files, prompt lists, CSV; every rejected row is kept with its reason.',
      isDone: (project?.prompts ?? 0) > 0,
      isForGood: true,
      href: `/projects/${slug}/data`,
      action: 'Import',
      needs: 'data.import',
    },
    {
      label: 'Invite annotators',
      detail: 'By link, with a role. The link works once and can be revoked.',
      isDone: (project?.members ?? 0) > 1,
      isForGood: true,
      href: `/projects/${slug}/members`,
      action: 'Invite',
      needs: 'members.invite',
    },
    {
      label: 'Label',
      detail:
        seats.open > 0
          ? `${number(seats.open)} answers wanted; ${number(mine.judgments)} given by you so far.`
          : seats.done > 0
            ? 'Everything that is there has been judged.'
            : 'Tasks appear here when prompts have two or more responses.',
      isDone: seats.open === 0 && (judged > 0 || seats.done > 0),
      // there are new tasks again and again
      isForGood: judged === 0,
      href: `/label/${slug}`,
      action: 'Label',
      needs: 'tasks.label',
    },
    {
      label: 'Freeze a snapshot',
      detail:
        'A numbered selection of judgments with its manifest: what models train on and auditors export.',
      isDone: (project?.snapshots ?? 0) > 0,
      isForGood: true,
      href: `/projects/${slug}/exports`,
      action: 'Snapshots',
      needs: 'snapshots.create',
    },
    {
      label: 'Fit a reward model, then run PPO',
      detail:
        (project?.activeRuns ?? 0) > 0
          ? `${number(project?.activeRuns ?? 0)} running or waiting.`
          : 'Watch the curves live; stop and resume at any time.',
      isDone: (project?.runs ?? 0) > 0,
      isForGood: true,
      href: `/projects/${slug}/runs/new`,
      action: 'Start a run',
      needs: 'runs.start',
    },
    {
      label: 'Export a snapshot',
      detail: 'In the format that the trainer at hand reads, with a manifest that anybody can verify.',
      isDone: (project?.exports ?? 0) > 0,
      isForGood: true,
      href: `/projects/${slug}/exports`,
      action: 'Exports',
      needs: 'snapshots.export',
    },
    {
      label: 'Check the audit log',
      detail: 'Every change is in a hash chain; verifying it names the first broken record.',
      // the log grows
      isDone: false,
      isForGood: false,
      href: `/projects/${slug}/audit`,
      action: 'Audit',
      needs: 'audit.read',
    },
  ];
}
