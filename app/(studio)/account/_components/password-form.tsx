'use client';

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { type FormEvent, useRef } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from '@/app/_ui/card.tsx';
import { CheckField, Field } from '@/app/_ui/field.tsx';
import { Checkbox, Input } from '@/app/_ui/input.tsx';
import { NewPasswordField } from '@/app/_ui/new-password-field.tsx';
import { useToast } from '@/app/_ui/toast.tsx';
import type { ListedToken } from '@/server/users/list-tokens.ts';

export function PasswordForm({
  email,
  hasPassword,
  initialTokens,
}: {
  email: string | null;
  hasPassword: boolean;
  initialTokens: ListedToken[];
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const toast = useToast();
  // the list on this page makes and revokes them meanwhile
  const tokens = useQuery(trpc.users.tokens.queryOptions(undefined, { initialData: initialTokens }));
  const numTokens = tokens.data.length;
  const form = useRef<HTMLFormElement>(null);
  const change = useMutation(
    trpc.users.changePassword.mutationOptions({
      onSuccess() {
        form.current?.reset();
        toast('Password changed', { detail: 'Every other session has ended.', tone: 'success' });
        void fetchAnew(queryClient, trpc.users.sessions.queryKey());
        void fetchAnew(queryClient, trpc.users.tokens.queryKey());
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
              hint={
                numTokens === 1
                  ? 'Whoever knew the old password may know it too. Scripts that use it stop.'
                  : 'Whoever knew the old password may know them too. Scripts that use them stop.'
              }
            >
              <Checkbox name="revokeTokens" defaultChecked />
            </CheckField>
          ) : null}
          <CallError error={change.error} />
          <Button type="submit" className="justify-self-start" isBusy={change.isPending}>
            {hasPassword ? 'Change password' : 'Set a password'}
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
