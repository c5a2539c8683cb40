'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input, Textarea } from '@/app/_ui/input.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { ProjectSettings } from '@/server/projects/schemas.ts';

export function SettingsForm({
  projectId,
  name,
  description,
  settings,
}: {
  projectId: string;
  name: string;
  description: string;
  settings: ProjectSettings;
}) {
  const router = useRouter();
  const toast = useToast();
  const update = useMutation(
    useTRPC().projects.update.mutationOptions({
      onSuccess: () => {
        toast('Settings saved', { tone: 'success' });
        router.refresh();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    update.mutate({
      projectId,
      name: String(data.get('name')),
      description: String(data.get('description')),
      settings: {
        overlap: Number(data.get('overlap')),
        leaseMinutes: Number(data.get('leaseMinutes')),
        heldOutShare: Number(data.get('heldOutPercent')) / 100,
        askStrength: data.has('askStrength'),
        requireRationale: data.has('requireRationale'),
      },
    });
  };
  return (
    <Card aria-labelledby="project-settings">
      <CardHeader>
        <CardTitle id="project-settings">Project</CardTitle>
      </CardHeader>
      <CardContent>
        <form onSubmit={submit} className="grid gap-4">
          <Field label="Name">
            <Input name="name" defaultValue={name} required maxLength={80} />
          </Field>
          <Field label="Description">
            <Textarea name="description" defaultValue={description} maxLength={500} className="min-h-16" />
          </Field>
          <div className="grid gap-4 sm:grid-cols-3">
            <Field label="Annotators per task" hint="New tasks get this overlap.">
              <Input
                name="overlap"
                type="number"
                min={1}
                max={20}
                step={1}
                required
                defaultValue={settings.overlap}
              />
            </Field>
            <Field label="Lease, minutes" hint="Then a task goes to somebody else.">
              <Input
                name="leaseMinutes"
                type="number"
                min={1}
                max={240}
                step={1}
                required
                defaultValue={settings.leaseMinutes}
              />
            </Field>
            <Field label="Held out, %" hint="Share of new prompts kept from training.">
              <Input
                name="heldOutPercent"
                type="number"
                min={0}
                max={50}
                step={1}
                required
                defaultValue={Math.round(settings.heldOutShare * 100)}
              />
            </Field>
          </div>
          <CheckField label="Ask how much better" hint="Strength from slightly to much better, for pairs.">
            <Checkbox name="askStrength" defaultChecked={settings.askStrength} />
          </CheckField>
          <CheckField label="Require a reason" hint="Annotators must write a rationale with every judgment.">
            <Checkbox name="requireRationale" defaultChecked={settings.requireRationale} />
          </CheckField>
          <CallError error={update.error} />
          <Button type="submit" className="justify-self-start" isBusy={update.isPending}>
            Save settings
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
