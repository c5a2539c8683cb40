import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Input, Select } from '@/app/_ui/input.tsx';
import { type StepKind, stepKinds } from '@/server/chains/schemas.ts';
import type { ScheduleItem } from './schedule-item.ts';
import type { Choices } from './source-select.tsx';
import { newDraft, parseDrafts, renameStep, type StepDraft, toDraft } from './step-draft.ts';
import { StepEditor } from './step-editor.tsx';

/** A schedule, new or changed: its trigger and its list of steps. */
export function ScheduleForm({
  projectId,
  choices,
  schedule,
  onDone,
}: {
  projectId: string;
  choices: Choices;
  /** null for a new one */
  schedule: ScheduleItem | null;
  onDone: () => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [name, setName] = useState(schedule?.name ?? '');
  const [trigger, setTrigger] = useState(schedule?.trigger ?? 'judgments');
  const [every, setEvery] = useState(String(schedule?.everyJudgments ?? 200));
  const [cron, setCron] = useState(schedule?.cron ?? '0 3 * * *');
  const [drafts, setDrafts] = useState(() => schedule?.steps.map(toDraft) ?? usualChain(choices));
  const parsed = useMemo(() => parseDrafts(drafts), [drafts]);
  // what is missing is complained of where somebody has been, or once it was sent
  const [wasSent, setWasSent] = useState(false);
  const onSuccess = async () => {
    await fetchAnew(queryClient, trpc.schedules.list.queryKey({ projectId }));
    onDone();
  };
  const create = useMutation(trpc.schedules.create.mutationOptions({ onSuccess }));
  const update = useMutation(trpc.schedules.update.mutationOptions({ onSuccess }));
  const everyJudgments = Number(every);
  const everyError =
    trigger === 'judgments' && !(Number.isInteger(everyJudgments) && everyJudgments >= 1)
      ? 'Expected a whole number of 1 or more.'
      : undefined;
  const change = (id: string, next: StepDraft) =>
    setDrafts((all) => all.map((draft) => (draft.id === id ? next : draft)));
  const submit = () => {
    setWasSent(true);
    if (!parsed.ok) return;
    const input = {
      ...{ projectId, name, trigger, steps: parsed.steps },
      everyJudgments: trigger === 'judgments' ? everyJudgments : null,
      cron: trigger === 'cron' ? cron : null,
    };
    if (schedule) update.mutate({ ...input, scheduleId: schedule.id });
    else create.mutate(input);
  };
  return (
    <Card>
      <CardHeader>
        <CardTitle>{schedule ? `Change ${schedule.name}` : 'New schedule'}</CardTitle>
        {schedule ? (
          <Button variant="outline" size="sm" onClick={onDone}>
            Leave as it was
          </Button>
        ) : null}
      </CardHeader>
      <CardContent>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
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
          <h3 className="text-sm font-semibold">Steps</h3>
          <ol className="grid gap-3">
            {drafts.map((draft, i) => (
              <StepEditor
                key={draft.id}
                draft={draft}
                position={i}
                earlier={drafts.slice(0, i)}
                isLast={i === drafts.length - 1}
                wasSent={wasSent}
                issues={parsed.ok ? [] : (parsed.issues[i] ?? [])}
                choices={choices}
                onChange={(next) => change(draft.id, next)}
                onRename={(key) => setDrafts((all) => renameStep(all, draft.id, key))}
                onMove={(by) => setDrafts((all) => moved(all, i, by))}
                onRemove={() => setDrafts((all) => all.filter(({ id }) => id !== draft.id))}
              />
            ))}
          </ol>
          <Field label="Add a step">
            <Select
              value=""
              onChange={(event) => {
                const kind = event.target.value as StepKind;
                setDrafts((all) => [...all, newDraft(kind, all)]);
              }}
            >
              <option value="">Choose …</option>
              {Object.entries(stepKinds).map(([kind, { title, description }]) => (
                <option key={kind} value={kind}>
                  {title}: {description}
                </option>
              ))}
            </Select>
          </Field>
          {wasSent && !parsed.ok ? (
            <FormError>Not saved: see {wrongSteps(drafts, parsed.issues)}.</FormError>
          ) : (
            <CallError error={create.error ?? update.error} />
          )}
          <Button
            type="submit"
            isBusy={create.isPending || update.isPending}
            disabled={name.trim() === '' || !!everyError || drafts.length === 0}
          >
            {schedule ? 'Save' : 'Create schedule'}
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}

function wrongSteps(drafts: readonly StepDraft[], issues: readonly unknown[][]): string {
  const wrong = drafts.flatMap(({ key }, i) => (issues[i]?.length ? `step ${i + 1} (${key})` : []));
  return wrong.join(', ');
}

function moved(all: readonly StepDraft[], place: number, by: -1 | 1): StepDraft[] {
  const list = [...all];
  const [draft] = list.splice(place, 1);
  if (draft) list.splice(place + by, 0, draft);
  return list;
}

/** What most people want: freeze the judgments, fit a reward model on them, train the policy against it. */
function usualChain({ models }: Choices): StepDraft[] {
  const first = models.find(({ kind }) => kind === 'language-model');
  const model = first ? `model:${first.id}` : '';
  const snapshot = newDraft('snapshot', []);
  const reward = newDraft('train', [], 'reward');
  const ppo = newDraft('train', [], 'ppo');
  return [
    snapshot,
    { ...reward, sources: { model, snapshot: 'step:snapshot' } },
    { ...ppo, sources: { model, rewardModel: 'step:reward' } },
  ];
}
