'use client';

import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { PersonFields, readPerson } from '@/app/(auth)/_components/person-fields.tsx';
import { signInWithPassword } from '@/app/(auth)/_components/sign-in.ts';

export function SetupForm({ token }: { token: string }) {
  const trpc = useTRPC();
  const accept = useMutation(
    trpc.users.acceptOwnerLink.mutationOptions({
      async onSuccess(_, { email, password }) {
        const { state } = await signInWithPassword(email, password);
        window.location.assign(state === 'done' ? '/projects/new' : '/sign-in');
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    accept.mutate({ token, ...readPerson(event.currentTarget) });
  };
  return (
    <Card>
      <CardContent className="grid gap-4 pt-5">
        <div className="grid gap-1">
          <h1 className="text-lg font-semibold">Make the owner’s account</h1>
          <p className="text-sm text-muted-foreground">
            The owner of this installation creates projects, invites people and may do everything. This link
            works once.
          </p>
        </div>
        <form onSubmit={submit} className="grid gap-4">
          <PersonFields />
          <CallError error={accept.error} />
          <Button type="submit" isBusy={accept.isPending || accept.isSuccess}>
            Create account
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
