'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { Progress } from '@/app/_ui/progress.tsx';

const number = new Intl.NumberFormat('en-US');

/** Tasks out of all prompts that have two or more responses. What is asked already is left alone. */
export function MakeTasks({ projectId, defaultOverlap }: { projectId: string; defaultOverlap: number }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [arrange, setArrange] = useState<'together' | 'pairs'>('together');
  const [overlap, setOverlap] = useState(String(defaultOverlap));
  const [asked, setAsked] = useState<string | null>(null);
  const state = useQuery({
    ...trpc.tasks.making.queryOptions({ projectId }),
    refetchInterval: (query) => (query.state.data?.isOpen ? 500 : false),
  });
  const make = useMutation(
    trpc.tasks.createFromPrompts.mutationOptions({
      onSuccess: ({ jobId }) => {
        setAsked(jobId);
        return fetchAnew(queryClient, trpc.tasks.pathKey());
      },
    }),
  );
  const making = state.data ?? null;
  const isOpen = making?.isOpen ?? false;
  // lists and figures are read anew when it ends
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (wasOpen !== isOpen) setWasOpen(isOpen);
  useEffect(() => {
    if (!wasOpen && asked !== null) void fetchAnew(queryClient, trpc.tasks.pathKey());
  }, [wasOpen, asked, queryClient, trpc]);
  return (
    <Card aria-labelledby="make-tasks">
      <CardHeader>
        <div>
          <CardTitle id="make-tasks">Make tasks</CardTitle>
          <CardDescription>
            From every prompt with two or more responses. Questions that are asked already stay as they are.
          </CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form
          className="grid items-start gap-4 sm:grid-cols-[minmax(0,1fr)_12rem_auto]"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate({ projectId, arrange, overlap: Number(overlap) });
          }}
        >
          <Field label="Each task shows">
            <Select value={arrange} onChange={(event) => setArrange(event.target.value as typeof arrange)}>
              <option value="together">all responses of a prompt, to be ranked (at most 9)</option>
              <option value="pairs">two responses of a prompt, every pair once</option>
            </Select>
          </Field>
          <Field label="Annotators per task">
            <Input
              type="number"
              min={1}
              max={50}
              required
              value={overlap}
              onChange={(event) => setOverlap(event.target.value)}
            />
          </Field>
          <Button type="submit" className="sm:mt-6.5" isBusy={make.isPending || isOpen}>
            Make tasks
          </Button>
        </form>
        <div className="mt-3 text-sm" aria-live="polite">
          {isOpen && making && (
            <>
              <Progress
                label="Prompts looked at"
                className="mb-2 max-w-96"
                max={Math.max(1, making.total)}
                value={making.done}
              />
              <p>
                {number.format(making.done)} of {number.format(making.total)} prompts. You may leave this
                page.
              </p>
            </>
          )}
          {making?.isDone && making.jobId === asked && (
            <p>
              {number.format(making.created)} made, {number.format(making.existing)} were there already,{' '}
              {number.format(making.tooFewResponses)} prompts have fewer than two responses.
            </p>
          )}
          {making?.error && making.jobId === asked && <FormError>{making.error}</FormError>}
          <CallError error={make.error} />
        </div>
      </CardContent>
    </Card>
  );
}
