'use client';

import { type FormEvent, useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { CodeField } from '@/app/(auth)/_components/code-field.tsx';
import { signInWithTicket } from '@/app/(auth)/_components/sign-in.ts';

export function CodeForm({ ticket, next }: { ticket: string; next: string }) {
  const [error, setError] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get('code') ?? '');
    setIsBusy(true);
    setError(undefined);
    const result = await signInWithTicket(ticket, code);
    if (result.state === 'done') return window.location.assign(next);
    setError(result.problem);
    setIsBusy(false);
  }
  return (
    <Card>
      <CardContent className="grid gap-4 pt-5">
        <h1 className="text-lg font-semibold">Your code</h1>
        <form onSubmit={submit} className="grid gap-4">
          <CodeField />
          <FormError>{error}</FormError>
          <Button type="submit" isBusy={isBusy}>
            Sign in
          </Button>
        </form>
      </CardContent>
    </Card>
  );
}
