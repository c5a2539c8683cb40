'use client';

import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useRef } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CheckField, Field, FormError } from '@/app/_ui/field.tsx';
import { Checkbox, Input } from '@/app/_ui/input.tsx';
import { NewPasswordField } from '@/app/_ui/new-password-field.tsx';
import { useToast } from '@/app/_ui/toast.tsx';

export function PasswordForm({
  email,
  hasPassword,
  numTokens,
}: {
  email: string | null;
  hasPassword: boolean;
  numTokens: number;
}) {
  const router = useRouter();
  const toast = useToast();
  const form = useRef<HTMLFormElement>(null);
  const change = useMutation(
    useTRPC().users.changePassword.mutationOptions({
      onSuccess() {
        form.current?.reset();
        toast('Password changed', { detail: 'Every other session has ended.', tone: 'success' });
        router.refresh();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    change.mutate({
      ...(hasPassword ? { currentPassword: String(data.get('currentPassword')) } : {}),
      newPassword: String(data.get('newPassword')),
      revokeTokens: data.get('revokeTokens') !== null,
    });
  };
  return (
    <Card aria-labelledby="password">
      <CardHeader>
        <div>
          <CardTitle id="password">Password</CardTitle>
          <CardDescription>Changing it ends every other session.</CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form ref={form} onSubmit={submit} className="grid max-w-sm gap-4">
          <input type="hidden" name="username" autoComplete="username" value={email ?? ''} readOnly />
          {hasPassword ? (
            <Field label="Current password">
              <Input name="currentPassword" type="password" autoComplete="current-password" required />
            </Field>
          ) : null}
          <NewPasswordField name="newPassword" label="New password" />
          {numTokens > 0 ? (
            <CheckField
              label={numTokens === 1 ? 'Also revoke my API token' : `Also revoke my ${numTokens} API tokens`}
              hint="Whoever knew the old password may know them too. Scripts that use them stop."
            >
              <Checkbox name="revokeTokens" defaultChecked />
            </CheckField>
          ) : null}
          <FormError>{change.error ? errorText(change.error) : null}</FormError>
          <Button type="submit" className="justify-self-start" isBusy={change.isPending}>
            {hasPassword ? 'Change password' : 'Set a password'}
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
