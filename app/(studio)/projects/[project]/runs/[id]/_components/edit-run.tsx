'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { PencilIcon } from 'lucide-react';
import { useState } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input, Textarea } from '@/app/_ui/input.tsx';
import { FormDialog } from '@/app/(studio)/projects/[project]/_components/form-dialog.tsx';
import { editRunInput } from '@/server/runs/schemas.ts';
import type { RunDetails } from './run-facts.tsx';

/** Name, tags and notes of a run. */
export function EditRun({ projectId, run }: { projectId: string; run: RunDetails }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [name, setName] = useState(run.name);
  const [tags, setTags] = useState('');
  const [notes, setNotes] = useState('');
  const edit = useMutation(
    trpc.runs.edit.mutationOptions({
      onSuccess: () => setIsOpen(false),
      onSettled: () => fetchAnew(queryClient, trpc.runs.get.queryKey({ projectId, runId: run.id })),
    }),
  );
  const open = (opens: boolean) => {
    if (opens) {
      setName(run.name);
      setTags((run.tags ?? []).join(', '));
      setNotes(run.notes ?? '');
      edit.reset();
    }
    setIsOpen(opens);
  };
  const parsed = editRunInput.safeParse({
    ...{ projectId, runId: run.id, name, notes },
    tags: tags
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  });
  const errorOf = (field: string) =>
    parsed.success ? undefined : parsed.error.issues.find((issue) => issue.path[0] === field)?.message;
  return (
    <FormDialog
      open={isOpen}
      onOpenChange={open}
      trigger={
        <Button variant="outline">
          <PencilIcon aria-hidden /> Name and notes
        </Button>
      }
      title="Name and notes"
      description="For people: nothing of the run itself changes."
      call={edit}
      onSubmit={() => parsed.success && edit.mutate(parsed.data)}
      submit={{ disabled: !parsed.success, children: 'Save' }}
    >
      <Field label="Name" error={errorOf('name')}>
        <Input value={name} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field
        label="Tags"
        hint="Separated by commas; the list of runs is filtered by them."
        error={errorOf('tags')}
      >
        <Input value={tags} onChange={(event) => setTags(event.target.value)} />
      </Field>
      <Field label="Notes" hint="What was tried, and what came of it." error={errorOf('notes')}>
        <Textarea rows={6} value={notes} onChange={(event) => setNotes(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
