'use client';

import Link from 'next/link';
import { useEffect, useRef, useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { FormError } from '@/app/_ui/field.tsx';
import { signInWithDemoLink } from '@/app/(auth)/_components/sign-in.ts';

/** Signs in as soon as it is shown: the link is spent by a browser that runs it, not by whatever looks at addresses. */
export function EnterDemo({ token, next }: { token: string; next: string }) {
  const [problem, setProblem] = useState<string | null>(null);
  const hasBegun = useRef(false);
  useEffect(() => {
    if (hasBegun.current) return;
    hasBegun.current = true;
    void signInWithDemoLink(token).then((refused) => {
      if (refused === null) window.location.replace(next);
      else setProblem(refused);
    });
  }, [token, next]);
  if (problem === null)
    return (
      <>
        <h1 className="text-lg font-semibold">Welcome to the demo</h1>
        <p role="status" className="text-sm text-muted-foreground">
          Signing you in…
        </p>
      </>
    );
  return (
    <>
      <h1 className="text-lg font-semibold">This link does not work</h1>
      <FormError>{problem}</FormError>
      <Button asChild variant="outline">
        <Link href="/sign-in">Sign in with a password</Link>
      </Button>
    </>
  );
}
