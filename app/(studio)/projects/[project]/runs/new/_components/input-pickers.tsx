'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Select } from '@/app/_ui/input.tsx';
import { snapshotWords } from '@/lib/snapshot-words.ts';
import { type RecipeName, recipeInputs } from '@/server/runs/schemas.ts';
import type { SnapshotSummary } from '@/server/snapshots/schemas.ts';
import { definitionOf } from '@/trainer/config/recipes.ts';

export type ModelChoice = {
  id: string;
  name: string;
  kind: 'language-model' | 'reward-model';
  createdAt: number;
  checkpoints: { id: string; step: number; createdAt: number; run: { name: string } | null }[];
};
export type RunInputs = {
  modelCheckpointId: string | null;
  rewardCheckpointId: string | null;
  snapshotId: string | null;
};

/** Pickers for what the recipe starts from; where there is nothing to pick, a way to get it. */
export function InputPickers({
  projectId,
  slug,
  recipe,
  models,
  snapshots,
  inputs,
  onChange,
}: {
  projectId: string;
  slug: string;
  recipe: RecipeName;
  models: ModelChoice[];
  snapshots: SnapshotSummary[];
  inputs: RunInputs;
  onChange: (inputs: RunInputs) => void;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const register = useMutation(
    trpc.models.registerBundled.mutationOptions({
      onSuccess: (checkpoint) => {
        onChange({ ...inputs, modelCheckpointId: checkpoint.id });
        router.refresh();
      },
    }),
  );
  const freeze = useMutation(
    trpc.snapshots.create.mutationOptions({
      onSuccess: (snapshot) => {
        // a large one is made by the worker, and can be chosen when it is there
        if (snapshot.snapshotId !== null) onChange({ ...inputs, snapshotId: snapshot.snapshotId });
        router.refresh();
      },
    }),
  );
  const needs = recipeInputs(recipe);
  const { model, rewardModel } = definitionOf(recipe).startsFrom;
  const hasModels = models.some((model) => model.kind === 'language-model');
  const hasRewardModels = models.some((model) => model.kind === 'reward-model');
  return (
    <>
      {needs.model !== 'none' ? (
        <div className="grid content-start gap-2">
          <Field label="Model" hint={model.hint}>
            <Select
              value={inputs.modelCheckpointId ?? ''}
              onChange={(event) => onChange({ ...inputs, modelCheckpointId: event.target.value || null })}
            >
              <CheckpointOptions
                models={models}
                kind="language-model"
                none={needs.model === 'optional' ? 'none: a new one is made' : 'Choose one …'}
              />
            </Select>
          </Field>
          {hasModels ? null : (
            <div>
              <Button
                variant="outline"
                size="sm"
                isBusy={register.isPending}
                onClick={() => register.mutate({ projectId })}
              >
                Register the bundled toy model
              </Button>
            </div>
          )}
          <CallError error={register.error} />
        </div>
      ) : null}
      {needs.snapshot !== 'none' ? (
        <div className="grid content-start gap-2">
          <Field label="Snapshot" hint="A frozen selection of judgments.">
            <Select
              value={inputs.snapshotId ?? ''}
              onChange={(event) => onChange({ ...inputs, snapshotId: event.target.value || null })}
            >
              {inputs.snapshotId === null ? <option value="">Choose one …</option> : null}
              {snapshots.map((snapshot) => (
                <option key={snapshot.snapshotId} value={snapshot.snapshotId}>
                  {snapshotWords(snapshot)}
                </option>
              ))}
            </Select>
          </Field>
          <div>
            <Button
              variant="outline"
              size="sm"
              isBusy={freeze.isPending}
              onClick={() => freeze.mutate({ projectId })}
            >
              Freeze the judgments so far
            </Button>
          </div>
          {freeze.data?.snapshotId === null ? (
            <p role="status" className="text-xs text-muted-foreground">
              There are many judgments: the worker freezes them. Come back to this page in a while.
            </p>
          ) : null}
          <CallError error={freeze.error} />
        </div>
      ) : null}
      {rewardModel ? (
        <div className="grid content-start gap-2">
          <Field label="Reward model" hint={hasRewardModels ? rewardModel.hint : undefined}>
            <Select
              value={inputs.rewardCheckpointId ?? ''}
              onChange={(event) => onChange({ ...inputs, rewardCheckpointId: event.target.value || null })}
            >
              <CheckpointOptions models={models} kind="reward-model" none="Choose one …" />
            </Select>
          </Field>
          {hasRewardModels ? null : (
            <p className="text-xs text-muted-foreground">
              None yet:{' '}
              <a className="text-primary underline" href={`/projects/${slug}/runs/new?recipe=reward`}>
                fit one first
              </a>
              .
            </p>
          )}
        </div>
      ) : null}
    </>
  );
}

function CheckpointOptions({
  models,
  kind,
  none,
}: {
  models: ModelChoice[];
  kind: ModelChoice['kind'];
  none: string;
}) {
  return (
    <>
      <option value="">{none}</option>
      {models
        .filter((model) => model.kind === kind)
        .map((model) => (
          <optgroup key={model.id} label={model.name}>
            {model.checkpoints.map((checkpoint) => (
              <option key={checkpoint.id} value={checkpoint.id}>
                {model.name},{' '}
                {checkpoint.run ? `${checkpoint.run.name}, step ${checkpoint.step}` : 'registered'}
              </option>
            ))}
          </optgroup>
        ))}
    </>
  );
}
