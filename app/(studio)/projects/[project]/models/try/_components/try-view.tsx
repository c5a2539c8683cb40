'use client';

import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input, Textarea } from '@/app/_ui/input.tsx';
import { askInput, MAX_ASKED_MODELS, MAX_ASKED_REWARDS } from '@/server/models/schemas.ts';
import { CheckpointChoice, type TryChoice } from './checkpoint-choice.tsx';
import { TryAnswers } from './try-answers.tsx';

const LOOK_MS = 700;

/** A prompt for one or several checkpoints, and what they say to it. */
export function TryView({
  projectId,
  choices,
  asked,
}: {
  projectId: string;
  choices: readonly TryChoice[];
  /** checkpoint that the address asks for */
  asked: string | null;
}) {
  const trpc = useTRPC();
  const writers = choices.filter(({ kind }) => kind === 'language-model');
  const scorers = choices.filter(({ kind }) => kind === 'reward-model');
  const first = (list: readonly TryChoice[]) =>
    list.some(({ id }) => id === asked) ? [asked as string] : [];
  const [modelIds, setModelIds] = useState<readonly string[]>(() => {
    const named = first(writers);
    const current = writers.find(({ isCurrent }) => isCurrent);
    return named.length > 0 || !current || first(scorers).length > 0 ? named : [current.id];
  });
  const [rewardIds, setRewardIds] = useState<readonly string[]>(() => first(scorers));
  const [prompt, setPrompt] = useState('');
  const [answer, setAnswer] = useState('');
  const [temperature, setTemperature] = useState('0');
  const [maxNewTokens, setMaxNewTokens] = useState('64');
  const [seed, setSeed] = useState('1');
  const [jobId, setJobId] = useState<string | null>(null);
  const ask = useMutation(trpc.models.ask.mutationOptions({ onSuccess: (made) => setJobId(made.jobId) }));
  const cancel = useMutation(trpc.models.cancelAsk.mutationOptions());
  const state = useQuery({
    ...trpc.models.asked.queryOptions({ projectId, jobId: jobId ?? '' }),
    enabled: jobId !== null,
    refetchInterval: (query) => (isOpen(query.state.data?.status) ? LOOK_MS : false),
  });
  const isAsking = jobId !== null && isOpen(state.data?.status ?? 'queued');
  const number = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));
  const parsed = askInput.safeParse({
    ...{ projectId, prompt, answer: answer.trim() === '' ? null : answer, modelIds, rewardIds },
    ...{ temperature: number(temperature), maxNewTokens: number(maxNewTokens), seed: number(seed) },
  });
  const errorOf = (field: string) =>
    parsed.success ? undefined : parsed.error.issues.find((issue) => issue.path[0] === field)?.message;
  const hasWork = modelIds.length > 0 || (rewardIds.length > 0 && answer.trim() !== '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed.success && hasWork) ask.mutate(parsed.data);
  };
  return (
    <div className="grid items-start gap-5 xl:grid-cols-[26rem_minmax(0,1fr)]">
      <Card>
        <CardHeader>
          <CardTitle>What to ask</CardTitle>
        </CardHeader>
        <CardContent>
          <form onSubmit={submit} className="grid gap-4">
            <Field label="Prompt">
              <Textarea
                value={prompt}
                maxLength={20_000}
                onChange={(event) => setPrompt(event.target.value)}
              />
            </Field>
            <CheckpointChoice
              legend={`Language models that answer (${MAX_ASKED_MODELS} at most)`}
              choices={writers}
              chosen={modelIds}
              most={MAX_ASKED_MODELS}
              onChange={setModelIds}
            />
            {scorers.length === 0 ? null : (
              <>
                <CheckpointChoice
                  legend={`Reward models that score (${MAX_ASKED_REWARDS} at most)`}
                  choices={scorers}
                  chosen={rewardIds}
                  most={MAX_ASKED_REWARDS}
                  onChange={setRewardIds}
                />
                <Field label="An answer of your own" hint="Scored beside the models’; may stay empty.">
                  <Textarea
                    value={answer}
                    maxLength={20_000}
                    className="min-h-16"
                    onChange={(event) => setAnswer(event.target.value)}
                  />
                </Field>
              </>
            )}
            <div className="grid grid-cols-3 items-start gap-3">
              <Field label="Temperature" error={errorOf('temperature')}>
                <Input
                  inputMode="decimal"
                  value={temperature}
                  onChange={(event) => setTemperature(event.target.value)}
                />
              </Field>
              <Field label="Longest" hint="tokens, up to 256" error={errorOf('maxNewTokens')}>
                <Input
                  inputMode="numeric"
                  value={maxNewTokens}
                  onChange={(event) => setMaxNewTokens(event.target.value)}
                />
              </Field>
              <Field label="Seed" error={errorOf('seed')}>
                <Input inputMode="numeric" value={seed} onChange={(event) => setSeed(event.target.value)} />
              </Field>
            </div>
            <CallError error={ask.error ?? cancel.error} />
            <div className="flex flex-wrap gap-2">
              <Button type="submit" isBusy={ask.isPending || isAsking} disabled={!parsed.success || !hasWork}>
                {isAsking ? 'Being answered …' : 'Ask'}
              </Button>
              {isAsking && jobId !== null ? (
                <Button
                  variant="outline"
                  isBusy={cancel.isPending || state.data?.isStopping === true}
                  onClick={() =>
                    cancel.mutate({ projectId, jobId }, { onSettled: () => void state.refetch() })
                  }
                >
                  {state.data?.isStopping ? 'Stopping …' : 'Cancel'}
                </Button>
              ) : null}
            </div>
          </form>
        </CardContent>
      </Card>
      <div className="grid min-w-0 gap-4">
        <CallError error={state.error} />
        {state.data ? (
          <TryAnswers state={state.data} choices={choices} />
        ) : (
          <p className="rounded-lg border border-dashed p-8 text-center text-sm text-muted-foreground">
            The answers appear here, side by side.
          </p>
        )}
      </div>
    </div>
  );
}

function isOpen(status: string | undefined): boolean {
  return status === 'queued' || status === 'leased';
}
