'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import type { FormEvent } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { Field } from '@/app/_ui/field.tsx';
import { Input, Textarea } from '@/app/_ui/input.tsx';

export function NewProjectForm() {
  const router = useRouter();
  const create = useMutation(
    useTRPC().projects.create.mutationOptions({
      onSuccess: ({ slug }) => {
        router.push(`/projects/${slug}`);
        router.refresh();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const slug = String(data.get('slug')).trim();
    create.mutate({
      name: String(data.get('name')),
      description: String(data.get('description')),
      ...(slug ? { slug } : {}),
    });
  };
  return (
    <Card>
      <CardContent className="pt-4">
        <form onSubmit={submit} className="grid gap-4">
          <Field label="Name">
            <Input name="name" required maxLength={80} autoFocus placeholder="Support answers" />
          </Field>
          <Field label="What is it about?" hint="Shown to everybody in the project.">
            <Textarea name="description" maxLength={500} className="min-h-16" />
          </Field>
          <Field
            label="Address"
            hint="Small letters, digits and hyphens; made from the name when left empty. It stands in page addresses and in the CLI’s --project."
          >
            <Input
              name="slug"
              pattern="[a-z0-9]+(-[a-z0-9]+)*"
              maxLength={48}
              placeholder="support-answers"
            />
          </Field>
          <CallError error={create.error} />
          <Button type="submit" className="justify-self-start" isBusy={create.isPending || create.isSuccess}>
            Create project
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
