'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import type { FormEvent } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CheckField, Field, FormError } from '@/app/_ui/field.tsx';
import { Checkbox, Input } from '@/app/_ui/input.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { AppRouter } from '@/server/root.ts';

type BackupState = inferRouterOutputs<AppRouter>['backups']['state'];

/** When the worker backs the installation up, how the last backups went, and one for now. */
export function BackupCard({ initial }: { initial: BackupState }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const toast = useToast();
  const { data } = useQuery(
    trpc.backups.state.queryOptions(undefined, {
      initialData: initial,
      refetchInterval: ({ state }) => (isUnderWay(state.data ?? initial) ? 1000 : false),
    }),
  );
  const refresh = () => fetchAnew(queryClient, trpc.backups.state.queryKey());
  const save = useMutation(
    trpc.backups.setSchedule.mutationOptions({
      onSuccess: () => toast('Backup schedule saved', { tone: 'success' }),
      onSettled: refresh,
    }),
  );
  const ask = useMutation(trpc.backups.ask.mutationOptions({ onSettled: refresh }));
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    save.mutate({
      enabled: form.has('enabled'),
      cron: String(form.get('cron')).trim(),
      keep: Number(form.get('keep')),
    });
  };
  const { schedule, folder, isOnSameDisk, nextAt } = data;
  const [last] = data.attempts;
  return (
    <Card aria-labelledby="backups">
      <CardHeader>
        <CardTitle id="backups">Backups</CardTitle>
        <Button variant="outline" isBusy={ask.isPending || isUnderWay(data)} onClick={() => ask.mutate()}>
          {isUnderWay(data) ? 'Backing up …' : 'Back up now'}
        </Button>
      </CardHeader>
      <CardContent className="grid gap-4">
        {last?.status === 'failed' ? <FormError>The last backup failed: {last.error}</FormError> : null}
        <CallError error={ask.error} />
        <p className="text-sm">
          Into <code className="font-mono text-xs break-all">{folder}</code>.{' '}
          {isOnSameDisk ? (
            <span className="text-warning">
              It is on the disk of the data itself: PLUMBLINE_BACKUPS names a folder on another.
            </span>
          ) : null}
        </p>
        <form onSubmit={submit} className="grid gap-4">
          <CheckField label="Back up by schedule" hint="The worker does it while everybody goes on.">
            <Checkbox name="enabled" defaultChecked={schedule.enabled} />
          </CheckField>
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="When (cron, UTC)" hint="0 3 * * * is every night at three.">
              <Input
                name="cron"
                defaultValue={schedule.cron}
                required
                maxLength={100}
                className="font-mono"
              />
            </Field>
            <Field label="Backups kept" hint="Older ones are deleted.">
              <Input
                name="keep"
                type="number"
                min={1}
                max={1000}
                step={1}
                required
                defaultValue={schedule.keep}
              />
            </Field>
          </div>
          <CallError error={save.error} />
          <div className="flex flex-wrap items-center gap-3">
            <Button type="submit" isBusy={save.isPending}>
              Save schedule
            </Button>
            {nextAt === null ? null : (
              <span className="text-sm text-muted-foreground">
                Next: <Time at={nextAt} />
              </span>
            )}
          </div>
        </form>
        <Attempts attempts={data.attempts} />
      </CardContent>
    </Card>
  );
}

function Attempts({ attempts }: { attempts: BackupState['attempts'] }) {
  if (attempts.length === 0)
    return <p className="text-sm text-muted-foreground">No backup was made from here yet.</p>;
  return (
    <ol className="grid gap-1.5 text-sm" aria-label="Last backups">
      {attempts.map(({ id, status, error, createdAt, finishedAt }) => (
        <li key={id} className="grid grid-cols-[auto_1fr] gap-x-3">
          <Time at={finishedAt ?? createdAt} />
          <span className={status === 'failed' ? 'text-destructive' : 'text-muted-foreground'}>
            {status === 'failed' ? `failed: ${error}` : STATES[status]}
          </span>
        </li>
      ))}
    </ol>
  );
}

const STATES = {
  queued: 'waits for the worker',
  leased: 'under way',
  paused: 'paused',
  done: 'made',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<BackupState['attempts'][number]['status'], string>;

function isUnderWay({ attempts }: BackupState): boolean {
  return attempts.some(({ status }) => status === 'queued' || status === 'leased');
}
