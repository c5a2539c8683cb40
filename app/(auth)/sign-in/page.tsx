import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { readSession } from '@/server/auth/require-session.ts';
import { safeCallback, safeNext } from '@/server/auth/safe-next.ts';
import { oidcProviderName } from '@/server/auth/session.ts';
import { readEnv } from '@/server/env.ts';
import { SignInForm } from './_components/sign-in-form.tsx';

export const metadata: Metadata = { title: 'Sign in' };

const ERRORS: Record<string, string> = {
  NoAccount: 'Nobody here has this account. Ask the owner of the installation for an invitation link.',
};

/** What was done before, by its name in the address. */
const DONE: Record<string, string> = {
  reset: 'The new password is set, and you are signed out everywhere. Sign in with it.',
};

/** One that is given twice says nothing. */
const text = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Partial<Record<'next' | 'callbackUrl' | 'error' | 'done', string | string[]>>>;
}) {
  const { next, callbackUrl, error, done } = await searchParams;
  // ours says next, next-auth says callbackUrl
  const target =
    next === undefined
      ? safeCallback(text(callbackUrl), new URL(readEnv().NEXTAUTH_URL).origin)
      : safeNext(text(next));
  if (await readSession()) redirect(target);
  const initialError =
    typeof error === 'string' ? (ERRORS[error] ?? 'Signing in did not work. Please try again.') : undefined;
  const notice = DONE[text(done) ?? ''];
  return (
    <SignInForm next={target} oidcName={oidcProviderName()} initialError={initialError} notice={notice} />
  );
}
