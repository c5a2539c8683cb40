import type { Metadata } from 'next';
import { redirect } from 'next/navigation';
import { readSession } from '@/server/auth/require-session.ts';
import { safeNext } from '@/server/auth/safe-next.ts';
import { oidcProviderName } from '@/server/auth/session.ts';
import { SignInForm } from './_components/sign-in-form.tsx';

export const metadata: Metadata = { title: 'Sign in' };

const ERRORS: Record<string, string> = {
  NoAccount: 'Nobody here has this account. Ask the owner of the installation for an invitation link.',
};

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[]; error?: string | string[] }>;
}) {
  const { next, error } = await searchParams;
  const target = safeNext(typeof next === 'string' ? next : undefined);
  if (await readSession()) redirect(target);
  const initialError =
    typeof error === 'string' ? (ERRORS[error] ?? 'Signing in did not work. Please try again.') : undefined;
  return <SignInForm next={target} oidcName={oidcProviderName()} initialError={initialError} />;
}
