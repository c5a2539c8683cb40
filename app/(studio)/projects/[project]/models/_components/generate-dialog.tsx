'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input } from '@/app/_ui/input.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import { FormDialog } from '@/app/(studio)/projects/[project]/_components/form-dialog.tsx';
import { generateInput } from '@/server/models/schemas.ts';

const FIELDS = [
  {
    name: 'numPrompts',
    label: 'Prompts',
    hint: 'Oldest first, those this checkpoint has not answered.',
    start: '50',
  },
  { name: 'responsesPerPrompt', label: 'Responses to each', hint: '1 to 9.', start: '2' },
  { name: 'temperature', label: 'Temperature', hint: '0 takes the most probable token.', start: '1' },
  {
    name: 'maxNewTokens',
    label: 'Longest response in tokens',
    hint: 'The model’s positions set the limit.',
    start: '48',
  },
  { name: 'seed', label: 'Seed', hint: 'The same seed draws the same responses.', start: '1' },
] as const;

type FieldName = (typeof FIELDS)[number]['name'];

/** Lets a checkpoint write responses to the project's prompts, and makes tasks of them. */
export function GenerateDialog({
  projectId,
  slug,
  checkpointId,
}: {
  projectId: string;
  slug: string;
  checkpointId: string;
}) {
  const trpc = useTRPC();
  const toast = useToast();
  const queryClient = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [typed, setTyped] = useState<Record<FieldName, string>>(
    () => Object.fromEntries(FIELDS.map(({ name, start }) => [name, start])) as Record<FieldName, string>,
  );
  const [createTasks, setCreateTasks] = useState(true);
  const generate = useMutation(
    trpc.models.generate.mutationOptions({
      onSuccess: ({ numPrompts }) => {
        setIsOpen(false);
        void queryClient.invalidateQueries({ queryKey: trpc.models.generations.queryKey({ projectId }) });
        toast(`Responses to ${numPrompts} prompts are being written`, {
          detail: `They appear among the project’s data (${slug}).`,
          tone: 'success',
        });
      },
    }),
  );
  const parsed = generateInput.safeParse({
    projectId,
    checkpointIds: [checkpointId],
    createTasks,
    ...Object.fromEntries(
      FIELDS.map(({ name }) => [name, typed[name].trim() === '' ? Number.NaN : Number(typed[name])]),
    ),
  });
  const errorOf = (name: string) =>
    parsed.success ? undefined : parsed.error.issues.find((issue) => issue.path[0] === name)?.message;
  return (
    <FormDialog
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={
        <Button variant="outline" size="sm">
          Generate
        </Button>
      }
      title="Generate responses"
      description="Each response keeps its checkpoint, settings and seed, so that it can be drawn again."
      call={generate}
      onSubmit={() => parsed.success && generate.mutate(parsed.data)}
      submit={{ disabled: !parsed.success, children: 'Generate' }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        {FIELDS.map(({ name, label, hint }) => (
          <Field key={name} label={label} hint={hint} error={errorOf(name)}>
            <Input
              inputMode="decimal"
              value={typed[name]}
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
            />
          </Field>
        ))}
      </div>
      <CheckField label="Make tasks of them" hint="Prompts with two or more different responses.">
        <Checkbox checked={createTasks} onChange={(event) => setCreateTasks(event.target.checked)} />
      </CheckField>
    </FormDialog>
  );
}
