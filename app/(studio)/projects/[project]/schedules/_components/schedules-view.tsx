'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { CalendarClockIcon } from 'lucide-react';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Count } from '@/app/_ui/count.tsx';
import { EmptyState } from '@/app/_ui/empty-state.tsx';
import { Progress } from '@/app/_ui/progress.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { ExecutionCard } from './execution-card.tsx';
import { ScheduleForm } from './schedule-form.tsx';
import type { ScheduleItem } from './schedule-item.ts';
import type { Choices } from './source-select.tsx';

/** Schedules of a project: how near each is to firing, its last executions, and the form for a new one or a changed one. */
export function SchedulesView({
  projectId,
  slug,
  mayWrite,
  choices,
}: {
  projectId: string;
  slug: string;
  mayWrite: boolean;
  choices: Choices;
}) {
  const trpc = useTRPC();
  const schedules = useQuery(trpc.schedules.list.queryOptions({ projectId }, { refetchInterval: 5000 }));
  const [editedId, setEditedId] = useState<string | null>(null);
  const [made, setMade] = useState(0);
  if (schedules.error) return <CallError error={schedules.error} />;
  const items = schedules.data ?? [];
  const edited = items.find(({ id }) => id === editedId) ?? null;
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_26rem]">
      <div className="grid gap-4">
        {items.length === 0 ? (
          <EmptyState icon={CalendarClockIcon} title="No schedule yet">
            With one, new judgments become a new reward model and a new policy by themselves.
          </EmptyState>
        ) : (
          items.map((schedule) => (
            <ScheduleCard
              key={schedule.id}
              schedule={schedule}
              projectId={projectId}
              slug={slug}
              mayWrite={mayWrite}
              onEdit={() => setEditedId(schedule.id)}
            />
          ))
        )}
      </div>
      {mayWrite ? (
        <ScheduleForm
          // another schedule, or the next new one, starts from a form of its own
          key={edited?.id ?? made}
          projectId={projectId}
          choices={choices}
          schedule={edited}
          onDone={() => {
            setEditedId(null);
            setMade((n) => n + 1);
          }}
        />
      ) : null}
    </div>
  );
}

function ScheduleCard({
  schedule,
  projectId,
  slug,
  mayWrite,
  onEdit,
}: {
  schedule: ScheduleItem;
  projectId: string;
  slug: string;
  mayWrite: boolean;
  onEdit: () => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onSettled = () => fetchAnew(queryClient, trpc.schedules.list.queryKey({ projectId }));
  const toggle = useMutation(trpc.schedules.toggle.mutationOptions({ onSettled }));
  const runNow = useMutation(trpc.schedules.runNow.mutationOptions({ onSettled }));
  const remove = useMutation(trpc.schedules.delete.mutationOptions({ onSettled }));
  const { everyJudgments, newJudgments } = schedule;
  return (
    <Card id={schedule.id} className="scroll-mt-20 target:ring-2 target:ring-primary/40">
      <CardHeader>
        <CardTitle className="flex flex-wrap items-center gap-2">
          {schedule.name}
          {schedule.enabled ? <Badge tone="success">on</Badge> : <Badge>off</Badge>}
        </CardTitle>
        {mayWrite ? (
          <div className="flex flex-wrap justify-end gap-2">
            <Button
              variant="outline"
              size="sm"
              isBusy={runNow.isPending}
              onClick={() => runNow.mutate({ projectId, scheduleId: schedule.id })}
            >
              Run now
            </Button>
            <Button variant="outline" size="sm" onClick={onEdit}>
              Edit
            </Button>
            <Button
              variant="outline"
              size="sm"
              isBusy={toggle.isPending}
              onClick={() =>
                toggle.mutate({ projectId, scheduleId: schedule.id, enabled: !schedule.enabled })
              }
            >
              {schedule.enabled ? 'Switch off' : 'Switch on'}
            </Button>
            <Button
              variant="destructive"
              size="sm"
              isBusy={remove.isPending}
              onClick={() => {
                if (window.confirm(`Delete the schedule “${schedule.name}”? Its runs stay.`)) {
                  remove.mutate({ projectId, scheduleId: schedule.id });
                }
              }}
            >
              Delete
            </Button>
          </div>
        ) : null}
      </CardHeader>
      <CardContent className="grid gap-3 text-sm">
        <p className="text-muted-foreground">
          {everyJudgments === null ? (
            <>
              By cron <code className="font-mono">{schedule.cron}</code> (UTC)
            </>
          ) : (
            <>
              Every <Count value={everyJudgments} /> new judgments
            </>
          )}
          : {schedule.steps.map(({ key }) => key).join(', ')}.
        </p>
        {everyJudgments === null ? (
          schedule.nextAt === null ? null : (
            <p>
              Next: <Time at={schedule.nextAt} />
            </p>
          )
        ) : (
          <div className="grid gap-1">
            <span className="text-xs text-muted-foreground">
              <Count value={newJudgments} /> of <Count value={everyJudgments} /> new judgments
            </span>
            <Progress
              value={Math.min(newJudgments, everyJudgments)}
              max={everyJudgments}
              label={`${newJudgments} of ${everyJudgments} new judgments`}
            />
          </div>
        )}
        {schedule.lastFiredAt === null ? null : (
          <p className="text-xs text-muted-foreground">
            Last fired <Time at={schedule.lastFiredAt} />
          </p>
        )}
        {schedule.executions.map((execution) => (
          <ExecutionCard
            key={execution.id}
            projectId={projectId}
            slug={slug}
            execution={execution}
            mayWrite={mayWrite}
          />
        ))}
        <CallError error={runNow.error ?? toggle.error ?? remove.error} />
      </CardContent>
    </Card>
  );
}
