'use client';

import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { NewPasswordField } from '@/app/_ui/new-password-field.tsx';

export function ResetForm({ token, email }: { token: string; email: string | null }) {
  const reset = useMutation(
    useTRPC().users.resetPassword.mutationOptions({
      onSuccess: () => window.location.assign('/sign-in?done=reset'),
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const newPassword = String(new FormData(event.currentTarget).get('newPassword'));
    reset.mutate({ token, newPassword });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <input type="hidden" name="username" autoComplete="username" value={email ?? ''} readOnly />
      <NewPasswordField name="newPassword" label="New password" />
      <CallError error={reset.error} />
      <Button type="submit" isBusy={reset.isPending || reset.isSuccess}>
        Set the password
      </Button>
    </form>
  );
}
