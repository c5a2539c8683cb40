'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useMemo, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { cn } from '@/app/_ui/cn.ts';
import { Field } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import {
  type ConfigIssue,
  DATA_SOURCES,
  parseRecipeConfig,
  RECIPES,
  type RecipeName,
  recipeInputs,
} from '@/server/runs/schemas.ts';
import type { SnapshotSummary } from '@/server/snapshots/schemas.ts';
import { definitionOf } from '@/trainer/config/recipes.ts';
import { ConfigFields } from './config-fields.tsx';
import { ConfigYaml } from './config-yaml.tsx';
import { ExpectedCost } from './expected-cost.tsx';
import { type FormValues, formGroups, toConfig, toFormValues } from './form-groups.ts';
import { InputPickers, type ModelChoice, type RunInputs } from './input-pickers.tsx';

/** Recipe, inputs and config of a new run. Every field of the config comes from the recipe's own schema. */
export function NewRunForm({
  projectId,
  slug,
  initialRecipe,
  models,
  snapshots,
}: {
  projectId: string;
  slug: string;
  initialRecipe: RecipeName;
  models: ModelChoice[];
  snapshots: SnapshotSummary[];
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const [recipe, setRecipe] = useState<RecipeName>(initialRecipe);
  const { title, schema, presets } = definitionOf(recipe);
  const groups = useMemo(() => formGroups(schema), [schema]);
  const [values, setValues] = useState<FormValues>(() => toFormValues(groups, {}));
  const [preset, setPreset] = useState('');
  const [name, setName] = useState('');
  const [inputs, setInputs] = useState<RunInputs>(() => firstInputs(initialRecipe, { models, snapshots }));
  const start = useMutation(
    trpc.runs.start.mutationOptions({ onSuccess: (run) => router.push(`/projects/${slug}/runs/${run.id}`) }),
  );

  const config = useMemo(() => toConfig(groups, values), [groups, values]);
  const parsed = useMemo(() => parseRecipeConfig(recipe, config), [recipe, config]);
  const issues: ConfigIssue[] = parsed.ok ? [] : parsed.issues;
  const needs = recipeInputs(recipe);
  const chosen = {
    modelCheckpointId: needs.model === 'none' ? null : inputs.modelCheckpointId,
    rewardCheckpointId: needs.rewardModel === 'none' ? null : inputs.rewardCheckpointId,
    snapshotId: needs.snapshot === 'none' ? null : inputs.snapshotId,
  };
  const missing = [
    needs.model === 'required' && chosen.modelCheckpointId === null ? 'a model' : null,
    needs.rewardModel === 'required' && chosen.rewardCheckpointId === null ? 'a reward model' : null,
    needs.snapshot === 'required' && chosen.snapshotId === null ? 'a snapshot' : null,
  ].filter((part) => part !== null);

  const change = (next: RecipeName) => {
    setRecipe(next);
    setPreset('');
    setValues(toFormValues(formGroups(definitionOf(next).schema), {}));
    const { modelCheckpointId } = firstInputs(next, { models, snapshots });
    setInputs((current) => ({ ...current, modelCheckpointId }));
  };
  const applyPreset = (chosenPreset: string) => {
    setPreset(chosenPreset);
    setValues(toFormValues(groups, presets[chosenPreset]?.config ?? {}));
  };

  return (
    <form
      className="grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_22rem]"
      onSubmit={(event) => {
        event.preventDefault();
        if (parsed.ok && missing.length === 0) {
          start.mutate({ projectId, recipe, name, config: parsed.config, ...chosen });
        }
      }}
    >
      <div className="grid gap-5">
        <fieldset className="grid gap-2">
          <legend className="mb-2 text-sm font-semibold">Recipe</legend>
          <div className="grid gap-2 sm:grid-cols-2 2xl:grid-cols-4">
            {RECIPES.map((candidate) => (
              <label
                key={candidate}
                className={cn(
                  'flex cursor-pointer gap-2.5 rounded-lg border bg-card p-3 has-focus-visible:outline-2 has-focus-visible:outline-ring',
                  candidate === recipe && 'border-primary',
                )}
              >
                <input
                  type="radio"
                  name="recipe"
                  className="mt-0.5 size-4 shrink-0 accent-primary outline-none"
                  checked={candidate === recipe}
                  onChange={() => change(candidate)}
                />
                <span className="grid gap-0.5">
                  <span className="text-sm font-medium">{definitionOf(candidate).title}</span>
                  <span className="text-xs text-muted-foreground">
                    {definitionOf(candidate).description}{' '}
                    {DATA_SOURCES[definitionOf(candidate).data].description}
                  </span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <Card>
          <CardHeader>
            <CardTitle>Start from</CardTitle>
          </CardHeader>
          <CardContent className="grid gap-4 sm:grid-cols-2">
            <InputPickers
              projectId={projectId}
              slug={slug}
              recipe={recipe}
              models={models}
              snapshots={snapshots}
              inputs={inputs}
              onChange={setInputs}
            />
            <Field label="Name of the run" hint="Left empty, it is named after the recipe and the time.">
              <Input value={name} maxLength={120} onChange={(event) => setName(event.target.value)} />
            </Field>
          </CardContent>
        </Card>
        <Card>
          <CardHeader>
            <CardTitle>Config</CardTitle>
            <div className="flex items-center gap-2 text-sm">
              <span className="text-muted-foreground" aria-hidden>
                Preset
              </span>
              <Select
                aria-label="Preset"
                className="w-40"
                value={preset}
                onChange={(event) => applyPreset(event.target.value)}
              >
                <option value="">defaults</option>
                {Object.keys(presets).map((option) => (
                  <option key={option}>{option}</option>
                ))}
              </Select>
            </div>
          </CardHeader>
          <CardContent className="grid gap-6">
            {preset && presets[preset] ? (
              <p className="text-sm text-muted-foreground">{presets[preset].reason}</p>
            ) : null}
            <ConfigFields
              groups={groups}
              values={values}
              issues={issues}
              onChange={(path, value) => setValues((current) => ({ ...current, [path]: value }))}
            />
          </CardContent>
        </Card>
      </div>
      <div className="grid gap-4 xl:sticky xl:top-6">
        <Card>
          <CardHeader>
            <CardTitle>Before you start</CardTitle>
          </CardHeader>
          <CardContent className="grid gap-4">
            <ExpectedCost
              request={parsed.ok ? { projectId, recipe, config: parsed.config, ...chosen } : null}
            />
            <CallError error={start.error} />
            <Button
              type="submit"
              size="lg"
              isBusy={start.isPending}
              disabled={!parsed.ok || missing.length > 0}
            >
              Start {title}
            </Button>
            <p className="text-xs text-muted-foreground" aria-live="polite">
              {whatIsMissing(missing, issues.length)}
            </p>
          </CardContent>
        </Card>
        <ConfigYaml config={parsed.ok ? parsed.config : config} />
      </div>
    </form>
  );
}

function whatIsMissing(missing: string[], numIssues: number): string {
  const parts = [
    missing.length > 0 ? `choose ${missing.join(' and ')}` : null,
    numIssues > 0 ? `mend ${numIssues === 1 ? 'one field' : `${numIssues} fields`} of the config` : null,
  ].filter((part) => part !== null);
  return parts.length === 0
    ? 'The run waits in the queue until the worker is free.'
    : `First ${parts.join(', ')}.`;
}

function firstInputs(
  recipe: RecipeName,
  { models, snapshots }: { models: ModelChoice[]; snapshots: SnapshotSummary[] },
): RunInputs {
  const newest = (kind: ModelChoice['kind']) =>
    models
      .filter((model) => model.kind === kind)
      .flatMap((model) => model.checkpoints)
      .sort((a, b) => b.createdAt - a.createdAt)[0]?.id ?? null;
  // the model that everything starts from is the oldest language model: the newest ones are its results
  const first = models
    .filter((model) => model.kind === 'language-model')
    .sort((a, b) => a.createdAt - b.createdAt)[0];
  return {
    // what makes a new model where it is given none is not given one unasked
    modelCheckpointId: recipeInputs(recipe).model === 'optional' ? null : (first?.checkpoints[0]?.id ?? null),
    rewardCheckpointId: newest('reward-model'),
    snapshotId: snapshots[0]?.snapshotId ?? null,
  };
}
