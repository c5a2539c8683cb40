'use client';

import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import type { FormEvent } from 'react';
import { CallError } from '@/app/_trpc/call-error.tsx';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { Button } from '@/app/_ui/button.tsx';
import { PersonFields, readPerson } from '@/app/(auth)/_components/person-fields.tsx';
import { signInWithOidc, signInWithPassword } from '@/app/(auth)/_components/sign-in.ts';

export function InviteForm({
  token,
  signedInAs,
  oidcName,
}: {
  token: string;
  signedInAs: string | null;
  oidcName: string | null;
}) {
  const trpc = useTRPC();
  const accept = useMutation(
    trpc.users.acceptInvite.mutationOptions({
      async onSuccess({ slug }, { person }) {
        const result = person ? await signInWithPassword(person.email, person.password) : null;
        window.location.assign(result === null || result.state === 'done' ? `/projects/${slug}` : '/sign-in');
      },
    }),
  );
  const isBusy = accept.isPending || accept.isSuccess;
  const error = <CallError error={accept.error} />;

  if (signedInAs !== null) {
    return (
      <div className="grid gap-4">
        {error}
        <Button isBusy={isBusy} onClick={() => accept.mutate({ token })}>
          Join as {signedInAs}
        </Button>
      </div>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    accept.mutate({ token, person: readPerson(event.currentTarget) });
  };
  const withOidc = () => {
    // the server reads it when the provider sends the person back, who becomes a user because of it
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is missing in Firefox and Safari
    document.cookie = `plumbline.invite=${encodeURIComponent(token)}; path=/api/auth; max-age=900; samesite=lax`;
    signInWithOidc(`/invite/${token}`);
  };
  return (
    <>
      <form onSubmit={submit} className="grid gap-4">
        <PersonFields />
        {error}
        <Button type="submit" isBusy={isBusy}>
          Create account and join
        </Button>
      </form>
      {oidcName ? (
        <Button variant="outline" onClick={withOidc}>
          Continue with {oidcName}
        </Button>
      ) : null}
      <p className="text-xs text-muted-foreground">
        Do you have an account?{' '}
        <Link className="text-primary underline underline-offset-4" href={`/sign-in?next=/invite/${token}`}>
          Sign in
        </Link>{' '}
        to join with it.
      </p>
    </>
  );
}
