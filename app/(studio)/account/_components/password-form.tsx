'use client';

import { useMutation } from '@tanstack/react-query';
import { signIn } from 'next-auth/react';
import { type FormEvent, useRef } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { errorText } from '@/app/_trpc/error-text.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';
import { useToast } from '@/app/_ui/toast.tsx';

export function PasswordForm({ email, hasPassword }: { email: string | null; hasPassword: boolean }) {
  const toast = useToast();
  const form = useRef<HTMLFormElement>(null);
  const change = useMutation(
    useTRPC().users.changePassword.mutationOptions({
      async onSuccess(_, { newPassword }) {
        form.current?.reset();
        toast('Password changed', { detail: 'Every other session has ended.', tone: 'success' });
        // the session of this browser ended as well: start a new one
        if (email) await signIn('credentials', { email, password: newPassword, redirect: false });
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    change.mutate({
      ...(hasPassword ? { currentPassword: String(data.get('currentPassword')) } : {}),
      newPassword: String(data.get('newPassword')),
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
          <Field label="New password" hint="At least 12 characters.">
            <Input
              name="newPassword"
              type="password"
              autoComplete="new-password"
              required
              minLength={12}
              maxLength={200}
            />
          </Field>
          <FormError>{change.error ? errorText(change.error) : null}</FormError>
          <Button type="submit" className="justify-self-start" isBusy={change.isPending}>
            {hasPassword ? 'Change password' : 'Set a password'}
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
