'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import type { inferRouterOutputs } from '@trpc/server';
import { useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Badge } from '@/app/_ui/badge.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { CheckField, Field, FormError } from '@/app/_ui/field.tsx';
import { Checkbox, Input } from '@/app/_ui/input.tsx';
import { Time } from '@/app/_ui/time.tsx';
import { IdLink } from '@/app/(studio)/projects/[project]/_components/id-link.tsx';
import type { AppRouter } from '@/server/root.ts';

type Tainted = inferRouterOutputs<AppRouter>['withdrawals']['tainted'];
type Step = NonNullable<Tainted['withdrawals'][number]['refits'][number]>['steps'][number];

const LOOK_MS = 5000;

/** What a person's judgments went into, and what becomes of it without them. */
export function Withdrawal({
  projectId,
  slug,
  userId,
  mayWithdraw,
}: {
  projectId: string;
  slug: string;
  userId: string;
  mayWithdraw: boolean;
}) {
  const trpc = useTRPC();
  const tainted = useQuery(
    trpc.withdrawals.tainted.queryOptions(
      { projectId, userId },
      { refetchInterval: ({ state }) => (isUnderWay(state.data) ? LOOK_MS : false) },
    ),
  );
  const [reason, setReason] = useState('');
  const [refit, setRefit] = useState(true);
  const onSettled = () => tainted.refetch();
  const withdraw = useMutation(trpc.withdrawals.withdraw.mutationOptions({ onSettled }));
  const takeBack = useMutation(trpc.withdrawals.takeBack.mutationOptions({ onSettled }));
  if (tainted.error) return <CallError error={tainted.error} />;
  if (!tainted.data) return <p className="text-muted-foreground text-sm">Looking…</p>;
  const { snapshots, models, withdrawals } = tainted.data;
  const open = withdrawals.find(({ endedAt }) => endedAt === null);
  return (
    <div className="grid gap-4 text-sm">
      <div className="grid gap-4 md:grid-cols-2">
        <div>
          <h3 className="mb-1 font-medium">Snapshots that hold them</h3>
          {snapshots.length === 0 && <p className="text-muted-foreground">None.</p>}
          <ul aria-label="Tainted snapshots" className="grid gap-1">
            {snapshots.map((row) => (
              <li key={row.snapshotId}>
                <IdLink slug={slug} id={row.snapshotId}>
                  snapshot {row.number}
                </IdLink>
                , {row.judgments} of {row.of} judgments
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h3 className="mb-1 font-medium">Models that came of those</h3>
          {models.length === 0 && <p className="text-muted-foreground">None.</p>}
          <ul aria-label="Tainted models" className="grid gap-1">
            {models.map((row) => (
              <li key={row.checkpointId}>
                <IdLink slug={slug} id={row.runId ?? row.checkpointId}>
                  <bdi>{row.modelName}</bdi>, step {row.step}
                </IdLink>
                , {row.kind.replace('-', ' ')}
                {row.generation > 1 && `, generation ${row.generation}`}
              </li>
            ))}
          </ul>
        </div>
      </div>
      {withdrawals.map((row) => (
        <div key={row.withdrawalId} className="grid gap-2 rounded-lg border px-4 py-3">
          <p>
            <Badge tone={row.endedAt === null ? 'warning' : 'neutral'}>
              {row.endedAt === null ? 'withdrawn' : 'taken back'}
            </Badge>{' '}
            <Time at={row.createdAt} />: <bdi>{row.reason}</bdi>
            {row.endedAt === null && '. Later snapshots leave these judgments out.'}
          </p>
          {row.refits.map(({ id, steps, error }) => (
            <div key={id}>
              <ol aria-label="Fitted anew" className="grid gap-1">
                {steps.map((step) => (
                  <RefitStep key={step.key} slug={slug} step={step} />
                ))}
              </ol>
              <FormError>{error}</FormError>
            </div>
          ))}
        </div>
      ))}
      {mayWithdraw && open && (
        <div>
          <Button
            variant="outline"
            isBusy={takeBack.isPending}
            onClick={() => takeBack.mutate({ projectId, withdrawalId: open.withdrawalId })}
          >
            Take back
          </Button>
        </div>
      )}
      {mayWithdraw && !open && (
        <form
          className="grid max-w-xl gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            withdraw.mutate({ projectId, userId, reason, refit });
          }}
        >
          <Field label="Reason" hint="It stays in the audit log for good: no names.">
            <Input
              value={reason}
              onChange={(event) => setReason(event.target.value)}
              required
              minLength={3}
              maxLength={500}
            />
          </Field>
          <CheckField
            label="Make the snapshots anew and fit their runs again"
            hint="With the same configs; reward models are measured beside the ones before, on the same held-out judgments."
          >
            <Checkbox checked={refit} onChange={(event) => setRefit(event.target.checked)} />
          </CheckField>
          <div>
            <Button type="submit" variant="destructive" isBusy={withdraw.isPending}>
              Withdraw their judgments
            </Button>
          </div>
        </form>
      )}
      <CallError error={withdraw.error ?? takeBack.error} />
    </div>
  );
}

function RefitStep({ slug, step }: { slug: string; step: Step }) {
  const { figures, reason } = step;
  const id = step.runId ?? step.snapshotId;
  return (
    <li>
      <Badge tone={step.status === 'done' ? 'success' : step.status === 'failed' ? 'danger' : 'neutral'}>
        {step.status}
      </Badge>{' '}
      {id === null ? (
        step.key
      ) : (
        <IdLink slug={slug} id={id}>
          {step.key}
        </IdLink>
      )}
      {figures?.gain !== undefined && (
        <>
          : held-out accuracy {percent(figures.baselineAccuracy)} before, {percent(figures.accuracy)} without
          them; change {points(figures.gain)} points
          {figures.gainLow !== undefined &&
            ` (95 % interval, paired: ${points(figures.gainLow)} to ${points(figures.gainHigh)})`}{' '}
          on {figures.examples} judgments
        </>
      )}
      {reason !== null && `: ${reason}`}
    </li>
  );
}

const percent = (share: number | undefined) => (share === undefined ? '–' : `${(100 * share).toFixed(1)} %`);
const points = (share: number | undefined) =>
  share === undefined ? '–' : `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)}`;

function isUnderWay(data: Tainted | undefined): boolean {
  return data?.withdrawals.some(({ refits }) => refits.some(({ status }) => status === 'running')) ?? false;
}
