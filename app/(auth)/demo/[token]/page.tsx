import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { Card, CardContent } from '@/app/_ui/card.tsx';
import { safeNext } from '@/server/auth/safe-next.ts';
import { isDemoFolder } from '@/server/demo-folder.ts';
import { readEnv } from '@/server/env.ts';
import { EnterDemo } from './_components/enter-demo.tsx';

export const metadata: Metadata = { title: 'The demo', referrer: 'no-referrer' };

/** A link that `npm run demo` printed. Elsewhere there is no such page. */
export default async function DemoPage({
  params,
  searchParams,
}: {
  params: Promise<{ token: string }>;
  searchParams: Promise<{ next?: string | string[] }>;
}) {
  if (!isDemoFolder(readEnv().PLUMBLINE_DATA)) notFound();
  const { token } = await params;
  const { next } = await searchParams;
  return (
    <Card>
      <CardContent className="grid gap-4 pt-5">
        <EnterDemo token={token} next={safeNext(typeof next === 'string' ? next : undefined)} />
      </CardContent>
    </Card>
  );
}
