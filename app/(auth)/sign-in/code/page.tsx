import type { Metadata } from 'next';
import { cookies } from 'next/headers';
import { notFound } from 'next/navigation';
import { safeCallback } from '@/server/auth/safe-next.ts';
import { oidcProviderName } from '@/server/auth/session.ts';
import { readEnv } from '@/server/env.ts';
import { CodeForm } from './_components/code-form.tsx';

export const metadata: Metadata = { title: 'Code', referrer: 'no-referrer' };

/** Where single sign-on leads who has a second factor here. */
export default async function CodePage({
  searchParams,
}: {
  searchParams: Promise<{ ticket?: string | string[] }>;
}) {
  const { ticket } = await searchParams;
  if (oidcProviderName() === null || typeof ticket !== 'string') notFound();
  const jar = await cookies();
  // next-auth keeps where the person was going, under one of two names
  const names = ['__Secure-next-auth.callback-url', 'next-auth.callback-url'];
  const kept = names.map((name) => jar.get(name)?.value).find((value) => value !== undefined);
  return <CodeForm ticket={ticket} next={safeCallback(kept, new URL(readEnv().NEXTAUTH_URL).origin)} />;
}
