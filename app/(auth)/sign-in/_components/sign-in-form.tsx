'use client';

import { type FormEvent, useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { Field, FormError } from '@/app/_ui/field.tsx';
import { Input } from '@/app/_ui/input.tsx';
import { CodeField } from '@/app/(auth)/_components/code-field.tsx';
import { signInWithOidc, signInWithPassword } from '@/app/(auth)/_components/sign-in.ts';

export function SignInForm({
  next,
  oidcName,
  initialError,
  notice,
}: {
  next: string;
  oidcName: string | null;
  initialError?: string;
  /** what was done before, and leads here */
  notice?: string;
}) {
  const [error, setError] = useState(initialError);
  const [asksCode, setAsksCode] = useState(false);
  const [isBusy, setIsBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setIsBusy(true);
    setError(undefined);
    const text = (name: string) => String(form.get(name) ?? '');
    const result = await signInWithPassword(text('email'), text('password'), text('code'));
    if (result.state === 'done') return window.location.assign(next);
    setAsksCode(result.state === 'code');
    setError(result.problem);
    setIsBusy(false);
  }

  return (
    <Card>
      <CardContent className="grid gap-4 pt-5">
        <h1 className="text-lg font-semibold">Sign in</h1>
        {notice ? (
          <p role="status" className="text-sm">
            {notice}
          </p>
        ) : null}
        <form onSubmit={submit} className="grid gap-4">
          <Field label="E-mail">
            <Input name="email" type="email" autoComplete="username" required autoFocus />
          </Field>
          <Field label="Password">
            <Input name="password" type="password" autoComplete="current-password" required />
          </Field>
          {asksCode ? <CodeField /> : null}
          <FormError>{error}</FormError>
          <Button type="submit" isBusy={isBusy}>
            {isBusy ? 'Signing in…' : 'Sign in'}
          </Button>
        </form>
        {oidcName ? (
          <Button variant="outline" onClick={() => signInWithOidc(next)}>
            Continue with {oidcName}
          </Button>
        ) : null}
        <p className="text-xs text-muted-foreground">
          New here? You need an invitation link from the owner of a project.
        </p>
      </CardContent>
    </Card>
  );
}
