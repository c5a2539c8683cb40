'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { ConfigFields } from '@/app/(studio)/projects/[project]/runs/new/_components/config-fields.tsx';
import {
  type FormValues,
  formGroups,
  toConfig,
  toFormValues,
} from '@/app/(studio)/projects/[project]/runs/new/_components/form-groups.ts';
import { parseRecipeConfig } from '@/server/runs/schemas.ts';
import { definitionOf } from '@/trainer/config/recipes.ts';

/** A new schedule: its trigger, the model, and both configs of the chain. */
export function NewScheduleForm({
  projectId,
  slug,
  models,
}: {
  projectId: string;
  slug: string;
  models: { id: string; name: string }[];
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [name, setName] = useState('');
  const [trigger, setTrigger] = useState<'judgments' | 'cron'>('judgments');
  const [every, setEvery] = useState('200');
  const [cron, setCron] = useState('0 3 * * *');
  const [modelId, setModelId] = useState(models[0]?.id ?? '');
  const reward = useRecipeConfig('reward');
  const ppo = useRecipeConfig('ppo');
  const create = useMutation(
    trpc.schedules.create.mutationOptions({
      onSuccess: () => {
        setName('');
        return fetchAnew(queryClient, trpc.schedules.list.queryKey({ projectId }));
      },
    }),
  );
  const everyJudgments = Number(every);
  const everyError =
    trigger === 'judgments' && !(Number.isInteger(everyJudgments) && everyJudgments >= 1)
      ? 'Expected a whole number of 1 or more.'
      : undefined;
  const isReady =
    name.trim() !== '' &&
    modelId !== '' &&
    !everyError &&
    reward.issues.length === 0 &&
    ppo.issues.length === 0;
  return (
    <Card>
      <CardHeader>
        <CardTitle>New schedule</CardTitle>
      </CardHeader>
      <CardContent>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate({
              projectId,
              name,
              trigger,
              everyJudgments: trigger === 'judgments' ? everyJudgments : null,
              cron: trigger === 'cron' ? cron : null,
              modelId,
              rewardConfig: reward.config,
              ppoConfig: ppo.config,
            });
          }}
        >
          <Field label="Name">
            <Input value={name} maxLength={120} required onChange={(event) => setName(event.target.value)} />
          </Field>
          <Field label="When">
            <Select value={trigger} onChange={(event) => setTrigger(event.target.value as typeof trigger)}>
              <option value="judgments">after new judgments</option>
              <option value="cron">at a set time</option>
            </Select>
          </Field>
          {trigger === 'judgments' ? (
            <Field
              label="New judgments"
              hint="Counted from now; corrections do not count."
              error={everyError}
            >
              <Input inputMode="numeric" value={every} onChange={(event) => setEvery(event.target.value)} />
            </Field>
          ) : (
            <Field label="Cron expression" hint="Minute, hour, day, month, weekday, in UTC.">
              <Input className="font-mono" value={cron} onChange={(event) => setCron(event.target.value)} />
            </Field>
          )}
          <Field
            label="Model"
            hint={
              models.length > 0
                ? 'Its current checkpoint is where reward model and policy start, each time.'
                : 'None yet: register one on the models page.'
            }
          >
            <Select value={modelId} onChange={(event) => setModelId(event.target.value)}>
              {models.length === 0 ? <option value="">none</option> : null}
              {models.map((model) => (
                <option key={model.id} value={model.id}>
                  {model.name}
                </option>
              ))}
            </Select>
          </Field>
          <RecipeSection title="Reward model" state={reward} />
          <RecipeSection title="PPO" state={ppo} />
          <FormError>{create.error?.message}</FormError>
          <Button type="submit" isBusy={create.isPending} disabled={!isReady}>
            Create schedule
          </Button>
          {models.length === 0 ? (
            <p className="text-xs text-muted-foreground">
              <a className="text-primary underline" href={`/projects/${slug}/models`}>
                To the models
              </a>
            </p>
          ) : null}
        </form>
      </CardContent>
    </Card>
  );
}

type RecipeState = ReturnType<typeof useRecipeConfig>;

function useRecipeConfig(recipe: 'reward' | 'ppo') {
  const { schema, presets } = definitionOf(recipe);
  const groups = useMemo(() => formGroups(schema), [schema]);
  const [values, setValues] = useState<FormValues>(() => toFormValues(groups, {}));
  const [preset, setPreset] = useState('');
  const config = toConfig(groups, values);
  const parsed = parseRecipeConfig(recipe, config);
  return {
    groups,
    values,
    setValues,
    preset,
    presets,
    applyPreset: (chosen: string) => {
      setPreset(chosen);
      setValues(toFormValues(groups, presets[chosen]?.config ?? {}));
    },
    config,
    issues: parsed.ok ? [] : parsed.issues,
  };
}

function RecipeSection({ title, state }: { title: string; state: RecipeState }) {
  const { groups, values, setValues, preset, presets, applyPreset, issues } = state;
  return (
    <section aria-label={title} className="grid gap-2 rounded-md border p-3">
      <Field
        label={`${title}: preset`}
        error={issues.length > 0 ? `${issues.length} options are not valid.` : undefined}
      >
        <Select value={preset} onChange={(event) => applyPreset(event.target.value)}>
          <option value="">defaults</option>
          {Object.keys(presets).map((option) => (
            <option key={option}>{option}</option>
          ))}
        </Select>
      </Field>
      <details>
        <summary className="text-sm text-primary">All options</summary>
        <div className="@container mt-3 grid gap-5 [&_fieldset>div]:grid-cols-1">
          <ConfigFields
            groups={groups}
            values={values}
            issues={issues}
            onChange={(path, value) => setValues((current) => ({ ...current, [path]: value }))}
          />
        </div>
      </details>
    </section>
  );
}
